/** A plot of eden.console.plots as an option of ECharts. A function of values; the tooltip makes elements, not HTML. */
import type { EChartsCoreOption } from 'echarts/core'

export interface SeriesData {
  name: string
  kind: 'line' | 'step' | 'area' | 'bar'
  values: (number | null)[]
  low: (number | null)[] | null
  high: (number | null)[] | null
  /** How many places ahead the series stands of which this is an earlier time; 0 for none. */
  before: number
}

/** As `Plot.data` writes it; times are milliseconds. */
export interface PlotData {
  kind: 'plot'
  title: string
  unit: 'count' | 'percent' | 'bytes' | 'seconds' | 'milliseconds'
  time: boolean
  x: (number | string)[]
  maximum: number | null
  stacked: boolean
  series: SeriesData[]
  marks: { at: number; label: string }[]
}

export interface Colours {
  series: string[]
  text: string
  line: string
  mark: string
  surface: string
  font: string
}

/** Lines differ by their pattern, too. */
const PATTERNS = ['solid', 'dashed', 'dotted', [8, 3, 2, 3], [2, 4]] as const
const DAY = 86_400_000
const SIZES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const
const LENGTHS = [86_400, 3600, 60, 1] as const
const DURATIONS = { en: ['d', 'h', 'min', 's'], zh: ['天', '小时', '分钟', '秒'] } as const

export function optionOf(data: PlotData, colours: Colours, locale: string, animation: boolean): EChartsCoreOption {
  const write = (value: number) => writeValue(value, data.unit, locale)
  const text = { color: colours.text, fontFamily: colours.font, fontSize: 12 }
  const place = (index: number) => index - (data.series[index]?.before ?? 0)
  const colour = (index: number) => colours.series[place(index) % colours.series.length]
  return {
    animation,
    animationDuration: 300,
    // the page has a description of its own, and the numbers as a table
    aria: { enabled: true, label: { enabled: false }, decal: { show: data.series.filter(isFilled).length > 1 } },
    textStyle: { fontFamily: colours.font },
    grid: {
      left: 4,
      right: 16,
      top: data.marks.length ? 28 : 16,
      bottom: data.series.length > 1 ? 36 : 8,
      containLabel: true,
    },
    legend: {
      // many names go over several pages of one line
      type: 'scroll',
      pageIconColor: colours.text,
      pageIconInactiveColor: colours.line,
      pageTextStyle: text,
      show: data.series.length > 1,
      data: data.series.map(({ name }) => name),
      bottom: 0,
      left: 0,
      itemWidth: 22,
      itemHeight: 8,
      textStyle: text,
      inactiveColor: colours.line,
    },
    tooltip: {
      trigger: 'axis',
      className: 'plot-tip',
      confine: true,
      // the sheet draws it
      backgroundColor: 'transparent',
      borderWidth: 0,
      padding: 0,
      extraCssText: 'box-shadow: none',
      axisPointer: { lineStyle: { color: colours.line }, label: { show: false } },
      formatter: (points: unknown) => tip(data, indexOf(points), locale),
    },
    xAxis: {
      type: data.time ? 'time' : 'category',
      ...(data.time ? {} : { data: data.x }),
      axisLine: { lineStyle: { color: colours.line } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: {
        ...text,
        hideOverlap: true,
        ...(data.time && { formatter: (value: number) => writeTime(value, span(data), locale) }),
      },
    },
    yAxis: {
      type: 'value',
      min: 0,
      ...(data.maximum !== null && { max: data.maximum, interval: data.maximum / 4 }),
      splitNumber: 4,
      ...(data.unit === 'count' && { minInterval: 1 }),
      axisLabel: { ...text, formatter: write },
      splitLine: { lineStyle: { color: colours.line } },
    },
    series: data.series.flatMap((series, index) => [
      ...band(data, series, index, colour(index)),
      {
        name: series.name,
        type: isBar(series) ? 'bar' : 'line',
        ...(series.kind === 'step' && { step: 'end' }),
        ...(series.kind === 'area' && { areaStyle: { opacity: data.stacked ? 0.7 : 0.16 } }),
        ...(data.stacked && isFilled(series) && { stack: 'all' }),
        data: pairs(data, series.values),
        color: colour(index),
        symbol: 'circle',
        ...points(series.values),
        barMaxWidth: 28,
        itemStyle: isBar(series) && !data.stacked ? { borderRadius: [3, 3, 0, 0] } : {},
        lineStyle:
          series.before ? { width: 1.5, type: [3, 3], opacity: 0.85 }
          : { width: 2, type: data.stacked ? 'solid' : PATTERNS[index % PATTERNS.length] },
        emphasis: { disabled: true },
        z: 3,
        ...(index === 0 && { markLine: marks(data, colours) }),
      },
    ]),
  }
}

/** An interval: an unseen line, and on it the height of the interval, filled. */
function band(data: PlotData, { low, high, name }: SeriesData, index: number, color: string | undefined): object[] {
  if (!low || !high) return []
  const height = high.map((top, i) => {
    const bottom = low[i]
    return top === null || bottom === null || bottom === undefined ? null : top - bottom
  })
  const common = {
    name: `${name} ±`,
    type: 'line',
    stack: `band ${index}`,
    stackStrategy: 'all',
    symbol: 'none',
    silent: true,
    lineStyle: { opacity: 0 },
    color,
    z: 1,
  }
  return [
    { ...common, data: pairs(data, low) },
    { ...common, data: pairs(data, height), areaStyle: { color, opacity: 0.16 } },
  ]
}

function marks({ marks }: PlotData, colours: Colours): object {
  return {
    silent: true,
    symbol: 'none',
    animation: false,
    lineStyle: { color: colours.mark, type: [3, 3], width: 1 },
    label: {
      show: true, position: 'end', color: colours.text, fontFamily: colours.font, fontSize: 11, formatter: '{b}',
    },
    data: marks.map(({ at, label }) => ({ xAxis: at, name: label })),
  }
}

/** A line has no points of its own, but what stands alone between gaps would not be seen. */
function points(values: (number | null)[]): object {
  const isKnown = (index: number) => typeof values[index] === 'number'
  const alone = new Set([...values.keys()].filter((i) => isKnown(i) && !isKnown(i - 1) && !isKnown(i + 1)))
  return {
    showSymbol: alone.size > 0,
    symbolSize: (_: unknown, { dataIndex }: { dataIndex: number }) => (!alone.size || alone.has(dataIndex) ? 6 : 0),
  }
}

const isBar = ({ kind }: SeriesData): boolean => kind === 'bar'
const isFilled = ({ kind }: SeriesData): boolean => kind === 'bar' || kind === 'area'
const pairs = ({ x, time }: PlotData, values: (number | null)[]): unknown[] =>
  time ? values.map((value, i) => [x[i], value]) : values
const span = ({ x }: PlotData): number => Number(x.at(-1) ?? 0) - Number(x[0] ?? 0)

function indexOf(points: unknown): number {
  const first = (Array.isArray(points) ? points[0] : points) as { dataIndex?: number } | undefined
  return first?.dataIndex ?? 0
}

/** What stands beside the pointer. */
function tip(data: PlotData, index: number, locale: string): HTMLElement {
  const box = document.createElement('div')
  box.className = 'plot-tip-box'
  const head = document.createElement('strong')
  const x = data.x[index]
  head.textContent = typeof x === 'number' ? writeTime(x, 0, locale) : (x ?? '')
  box.append(head)
  for (const series of data.series) {
    const value = series.values[index]
    if (value === null || value === undefined) continue
    const low = series.low?.[index]
    const high = series.high?.[index]
    const line = document.createElement('span')
    const name = document.createElement('span')
    name.textContent = series.name
    const number = document.createElement('b')
    number.textContent = writeValue(value, data.unit, locale)
    if (typeof low === 'number' && typeof high === 'number') {
      number.textContent += ` (${writeValue(low, data.unit, locale)} – ${writeValue(high, data.unit, locale)})`
    }
    line.append(name, number)
    box.append(line)
  }
  return box
}

/** As eden.console.formats writes them. */
export function writeValue(value: number, unit: PlotData['unit'], locale: string): string {
  const number = (n: number, maximumFractionDigits: number) =>
    new Intl.NumberFormat(locale, { maximumFractionDigits }).format(n)
  if (unit === 'percent') return `${number(value * 100, 2)}${locale.startsWith('zh') ? '' : ' '}%`
  if (unit === 'seconds') return writeDuration(value, locale.startsWith('zh') ? 'zh' : 'en')
  if (unit === 'milliseconds') return writeMilliseconds(value, locale)
  if (unit === 'count') return number(value, 2)
  let power = 0
  // 999.5 would be written as 1000
  for (; value >= 999.5 && power < SIZES.length - 1; power++) value /= 1000
  return `${number(value, power === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2)} ${SIZES[power]}`
}

/** The two largest units; below a second in milliseconds. */
function writeDuration(seconds: number, language: 'en' | 'zh'): string {
  if (seconds > 0 && seconds < 1) return `${Math.round(seconds * 1000)} ${language === 'zh' ? '毫秒' : 'ms'}`
  let rest = Math.round(seconds)
  const counts = LENGTHS.map((length) => {
    const count = Math.floor(rest / length)
    rest -= count * length
    return count
  })
  const largest = counts.findIndex((count) => count > 0)
  const first = largest < 0 ? LENGTHS.length - 1 : largest
  const write = (index: number) => `${counts[index]} ${DURATIONS[language][index]}`
  return counts[first + 1] ? `${write(first)} ${write(first + 1)}` : write(first)
}

const three = (value: number): string =>
  new Intl.NumberFormat('en', { maximumFractionDigits: value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2 }).format(value)

/** Three figures of what is short. */
function writeMilliseconds(value: number, locale: string): string {
  const language = locale.startsWith('zh') ? 'zh' : 'en'
  if (value >= 59_950) return writeDuration(value / 1000, language)
  if (value >= 999.5) return `${three(value / 1000)} ${DURATIONS[language][3]}`
  return `${three(value)} ${language === 'zh' ? '毫秒' : 'ms'}`
}

/**
 * `range` in ms is what the axis spans: hours, with the day at midnight, within ten days; else days; months beyond a
 * year. 0 is a moment by itself.
 */
export function writeTime(value: number, range: number, locale: string): string {
  const hour: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
  const day: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric' }
  const moment = new Date(value)
  const midnight = moment.getHours() === 0 && moment.getMinutes() === 0
  const options: Intl.DateTimeFormatOptions =
    range === 0 ? { ...day, ...hour }
    : range > 400 * DAY ? { year: 'numeric', month: 'short' }
    : range > 10 * DAY || midnight ? day
    : hour
  return new Intl.DateTimeFormat(locale, options).format(moment)
}
