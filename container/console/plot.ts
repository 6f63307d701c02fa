/** Draws the plots of a page with ECharts: colours of the page, Chinese or English numbers, no movement if unwanted. */
import { BarChart, LineChart, SankeyChart } from 'echarts/charts'
import { AriaComponent, GridComponent, LegendScrollComponent, MarkLineComponent, TooltipComponent } from 'echarts/components'
import { init, use, type EChartsType } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { flowOption, type FlowData } from './flow-option'
import { optionOf, type Colours, type PlotData } from './plot-option'
import { onTheme } from './theme'
import { language } from './words'

use([
  AriaComponent, BarChart, CanvasRenderer, GridComponent, LegendScrollComponent, LineChart, MarkLineComponent,
  SankeyChart, TooltipComponent,
])

interface Drawn {
  chart: EChartsType
  json: string
  observer: ResizeObserver
}

const drawn = new Map<HTMLElement, Drawn>()
const still = matchMedia('(prefers-reduced-motion: reduce)')

/** Draw the new plots, renew those whose numbers changed, forget those that are gone. */
export function drawPlots(): void {
  for (const [element, { chart, observer }] of drawn) {
    if (element.isConnected) continue
    observer.disconnect()
    chart.dispose()
    drawn.delete(element)
  }
  for (const element of document.querySelectorAll<HTMLElement>('[data-plot]')) draw(element, false)
}

function draw(element: HTMLElement, anew: boolean): void {
  const json = element.dataset.plot ?? ''
  let entry = drawn.get(element)
  if (entry?.json === json && !anew) return
  if (!entry) {
    const chart = init(element, null, { renderer: 'canvas' })
    const observer = new ResizeObserver(() => {
      chart.resize()
      // its names have as much room as there is
      if (element.dataset.plot?.startsWith('{"kind":"flow"')) draw(element, true)
    })
    observer.observe(element)
    entry = { chart, json, observer }
    drawn.set(element, entry)
  }
  entry.json = json
  const data = JSON.parse(json) as PlotData | FlowData
  const option =
    data.kind === 'flow' ? flowOption(data, colours(), language(), element.clientWidth)
    : optionOf(data, colours(), language(), !still.matches)
  entry.chart.setOption(option, { notMerge: true })
}

/** The colours of console.css as they are at the moment. A property is a pair; only a real element has one colour. */
function colours(): Colours {
  const probe = document.body.appendChild(document.createElement('i'))
  probe.hidden = true
  const read = (name: string) => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const found = {
    series: [1, 2, 3, 4, 5, 6].map((number) => read(`--plot-${number}`)),
    text: read('--quiet'),
    line: read('--line'),
    mark: read('--edge'),
    surface: read('--surface'),
    font: getComputedStyle(document.body).fontFamily,
  }
  probe.remove()
  return found
}

onTheme(() => {
  for (const element of drawn.keys()) draw(element, true)
})
