/** A flow of eden.console.flows as an option of ECharts: a Sankey diagram. A function of values. */
import type { EChartsCoreOption } from 'echarts/core'
import { writeValue, type Colours } from './plot-option'

/** As `Flow.data` writes it; links name nodes by their place in the list. */
export interface FlowData {
  kind: 'flow'
  title: string
  nodes: { step: number; label: string }[]
  links: { source: number; target: number; value: number }[]
}

/** Below this width, px, names have no room beside the nodes of several columns. */
const NARROW = 560
/** What a character of a name takes, px. */
const CHARACTER = 7

export function flowOption(data: FlowData, colours: Colours, locale: string, width: number): EChartsCoreOption {
  const columns = 1 + Math.max(0, ...data.nodes.map(({ step }) => step))
  const narrow = width < NARROW
  const labels = [...new Set(data.nodes.map(({ label }) => label))]
  const colour = (label: string) => colours.series[labels.indexOf(label) % colours.series.length]
  const gap = width / (narrow ? Math.max(1, columns - 1) : columns) - 20
  const edge = narrow ? 4 : Math.min(200, width / (columns + 1))
  // the last two columns of a narrow page have their names in one gap
  const room = (step: number) =>
    narrow && step > columns - 3 ? gap / 2
    : !narrow && step === columns - 1 ? edge - 8
    : gap
  const longest = (step: number) => Math.max(5, Math.floor(room(step) / CHARACTER))
  const name = (value: string | undefined) => data.nodes[Number(value)]?.label ?? ''
  const write = (value: number) => writeValue(value, 'count', locale)
  return {
    animation: false,
    aria: { enabled: true, label: { enabled: false } },
    textStyle: { fontFamily: colours.font },
    tooltip: {
      trigger: 'item',
      className: 'plot-tip',
      confine: true,
      // the sheet draws it
      backgroundColor: 'transparent',
      borderWidth: 0,
      padding: 0,
      extraCssText: 'box-shadow: none',
      formatter: (point: unknown) => {
        const { data: item, value } = point as { data: { source?: string; target?: string; name?: string }; value: number }
        const words = item.source === undefined ? name(item.name) : `${name(item.source)} → ${name(item.target)}`
        return tip(words, write(value))
      },
    },
    series: [
      {
        type: 'sankey',
        left: 4,
        right: edge,
        top: 8,
        bottom: 8,
        nodeWidth: narrow ? 8 : 12,
        nodeGap: narrow ? 14 : 12,
        nodeAlign: 'left',
        layoutIterations: 32,
        draggable: false,
        emphasis: { focus: 'adjacency' },
        label: {
          color: colours.text,
          fontFamily: colours.font,
          fontSize: 12,
          textBorderColor: colours.surface,
          textBorderWidth: 3,
          formatter: ({ name: id }: { name: string }) => shorten(name(id), longest(data.nodes[Number(id)]?.step ?? 0)),
        },
        lineStyle: { color: 'source', opacity: 0.28, curveness: 0.5 },
        data: data.nodes.map(({ step, label }, index) => ({
          name: String(index),
          depth: step,
          itemStyle: { color: colour(label), borderWidth: 0 },
          // the last column's names would leave a narrow page
          ...(narrow && step === columns - 1 && { label: { position: 'left' } }),
        })),
        links: data.links.map(({ source, target, value }) => ({
          source: String(source),
          target: String(target),
          value,
        })),
      },
    ],
  }
}

/** Paths differ at their ends. */
export function shorten(text: string, longest: number): string {
  const letters = [...text]
  return letters.length <= longest ? text : `…${letters.slice(1 - longest).join('')}`
}

function tip(words: string, value: string): HTMLElement {
  const box = document.createElement('div')
  box.className = 'plot-tip-box'
  const line = document.createElement('span')
  line.append(words)
  const number = document.createElement('b')
  number.textContent = value
  line.append(number)
  box.append(line)
  return box
}
