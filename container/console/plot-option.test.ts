import { describe, expect, it } from 'vitest'
import { optionOf, writeTime, writeValue, type PlotData } from './plot-option'

const colours = { series: ['a', 'b'], text: 't', line: 'l', mark: 'm', surface: 's', font: 'f' }
const data: PlotData = {
  kind: 'plot',
  title: 'Crashes',
  unit: 'percent',
  time: true,
  x: [0, 3_600_000],
  maximum: null,
  stacked: false,
  series: [
    { name: 'New', kind: 'line', values: [0.1, null], low: [0.05, null], high: [0.2, null], before: 0 },
    { name: 'Control', kind: 'step', values: [0.1, 0.1], low: null, high: null, before: 0 },
  ],
  marks: [{ at: 3_600_000, label: '10 %' }],
}

interface Drawn {
  name: string
  type: string
  color: string
  stack?: string
  step?: string
  data: unknown[]
  lineStyle: { type?: unknown }
  showSymbol: boolean
  symbolSize: (value: unknown, place: { dataIndex: number }) => number
  markLine?: { data: unknown[] }
}
const drawn = (plot: PlotData) => optionOf(plot, colours, 'en', true).series as Drawn[]

describe('a plot', () => {
  it('draws an interval as the height above its lower end', () => {
    const [low, height, line] = drawn(data)
    expect(low?.data).toEqual([[0, 0.05], [3_600_000, null]])
    expect(height?.data).toEqual([[0, 0.2 - 0.05], [3_600_000, null]])
    expect(low?.stack).toBe(height?.stack)
    expect([low?.color, height?.color, line?.color]).toEqual(['a', 'a', 'a'])
  })

  it('tells lines apart by more than their colour', () => {
    const patterns = drawn(data).filter(({ name }) => !name.endsWith('±')).map(({ lineStyle }) => lineStyle.type)
    expect(new Set(patterns).size).toBe(2)
  })

  it('shows points that stand alone between gaps, and no others', () => {
    const values = [1, null, 2, 3, null, 4]
    const [line] = drawn({
      ...data,
      x: values.map((_, i) => i),
      series: [{ name: 'A', kind: 'line', values, low: null, high: null, before: 0 }],
    })
    expect(line?.showSymbol).toBe(true)
    expect(values.map((_, dataIndex) => line?.symbolSize(0, { dataIndex }))).toEqual([6, 0, 0, 0, 0, 6])
    const [, , , step] = drawn(data)
    expect(step?.showSymbol).toBe(false)
  })

  it('names in the legend only what was measured', () => {
    expect(optionOf(data, colours, 'en', true).legend).toMatchObject({ show: true, data: ['New', 'Control'] })
    const one = { ...data, series: data.series.slice(1) }
    expect(optionOf(one, colours, 'en', true).legend).toMatchObject({ show: false })
  })

  it('marks moments once', () => {
    const marks = drawn(data).flatMap(({ markLine }) => markLine?.data ?? [])
    expect(marks).toEqual([{ xAxis: 3_600_000, name: '10 %' }])
  })

  it('keeps names as categories, and patterns for several kinds of bars', () => {
    const bars: PlotData = {
      ...data,
      time: false,
      x: ['1.0', '1.1'],
      marks: [],
      series: data.series.map((series) => ({ ...series, kind: 'bar', low: null, high: null })),
    }
    const option = optionOf(bars, colours, 'en', true)
    expect(option.xAxis).toMatchObject({ type: 'category', data: ['1.0', '1.1'] })
    expect(option.aria).toMatchObject({ decal: { show: true } })
    expect(drawn(bars).map(({ data }) => data)).toEqual([[0.1, null], [0.1, 0.1]])
  })

  it('draws an earlier time faintly, in the colour of what it is compared with', () => {
    const now = data.series[1]!
    const plot: PlotData = { ...data, series: [data.series[0]!, now, { ...now, name: 'Before', before: 1 }] }
    const [before, after] = drawn(plot).reverse()
    expect([before?.name, before?.color, after?.color]).toEqual(['Before', 'b', 'b'])
    expect(before?.lineStyle).toMatchObject({ type: [3, 3], opacity: 0.85 })
  })

  it('puts areas on one another', () => {
    const areas: PlotData = { ...data, stacked: true, series: data.series.map((each) => ({ ...each, kind: 'area' })) }
    expect(drawn({ ...areas, marks: [] }).filter(({ stack }) => stack === 'all')).toHaveLength(2)
    expect(optionOf(areas, colours, 'en', true).aria).toMatchObject({ decal: { show: true } })
  })

  it('stands still when movement is not wanted', () => {
    expect(optionOf(data, colours, 'en', false).animation).toBe(false)
  })
})

describe('numbers', () => {
  it.each([
    [0.125, 'percent', '12.5 %', '12.5%'],
    [1234567, 'count', '1,234,567', '1,234,567'],
    [1536, 'bytes', '1.54 kB', '1.54 kB'],
    [15_360, 'bytes', '15.4 kB', '15.4 kB'],
    [999_500, 'bytes', '1 MB', '1 MB'],
    [0, 'bytes', '0 B', '0 B'],
    [0.25, 'seconds', '250 ms', '250 毫秒'],
    [0, 'seconds', '0 s', '0 秒'],
    [61, 'seconds', '1 min 1 s', '1 分钟 1 秒'],
    [3605, 'seconds', '1 h', '1 小时'],
    [0.8, 'milliseconds', '0.8 ms', '0.8 毫秒'],
    [1250, 'milliseconds', '1.25 s', '1.25 秒'],
    [75_000, 'milliseconds', '1 min 15 s', '1 分钟 15 秒'],
    [93_784, 'seconds', '1 d 2 h', '1 天 2 小时'],
  ] as const)('%d %s', (value, unit, english, chinese) => {
    expect(writeValue(value, unit, 'en')).toBe(english)
    expect(writeValue(value, unit, 'zh-CN')).toBe(chinese)
  })

  it('writes moments as finely as the axis is long', () => {
    const noon = new Date(2026, 10, 20, 12).getTime()
    const midnight = new Date(2026, 10, 20).getTime()
    const day = 86_400_000
    expect(writeTime(noon, day, 'en')).toBe('12:00')
    expect(writeTime(midnight, day, 'en')).toBe('Nov 20')
    expect(writeTime(noon, 100 * day, 'zh-CN')).toBe('11月20日')
    expect(writeTime(noon, 500 * day, 'en')).toBe('Nov 2026')
    expect(writeTime(noon, 0, 'en')).toBe('Nov 20, 12:00')
  })
})
