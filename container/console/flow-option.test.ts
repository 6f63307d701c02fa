import { describe, expect, it } from 'vitest'
import { flowOption, shorten, type FlowData } from './flow-option'

const colours = { series: ['a', 'b'], text: 't', line: 'l', mark: 'm', surface: 's', font: 'f' }
const data: FlowData = {
  kind: 'flow',
  title: 'Ways',
  nodes: [{ step: 0, label: 'home' }, { step: 1, label: 'pay' }, { step: 2, label: 'home' }],
  links: [{ source: 0, target: 1, value: 5 }, { source: 1, target: 2, value: 3 }],
}

interface Series {
  data: { name: string; depth: number; itemStyle: { color: string }; label?: { position: string } }[]
  links: unknown[]
  label: { formatter: (point: { name: string }) => string }
}
const drawn = (width: number) => (flowOption(data, colours, 'en', width).series as Series[])[0]!

describe('a flow', () => {
  it('has a node for every place in every column, in the colour of the place', () => {
    const { data: nodes, links } = drawn(900)
    expect(nodes.map(({ name, depth, itemStyle }) => [name, depth, itemStyle.color])).toEqual([
      ['0', 0, 'a'], ['1', 1, 'b'], ['2', 2, 'a'],
    ])
    expect(links).toEqual([{ source: '0', target: '1', value: 5 }, { source: '1', target: '2', value: 3 }])
  })

  it('keeps the last names inside of a narrow page', () => {
    expect(drawn(320).data.map(({ label }) => label?.position)).toEqual([undefined, undefined, 'left'])
    expect(drawn(900).data.map(({ label }) => label)).toEqual([undefined, undefined, undefined])
  })

  it('shows the end of long names', () => {
    expect(shorten('pages/orders/detail', 10)).toBe('…rs/detail')
    expect(shorten('home', 10)).toBe('home')
  })
})
