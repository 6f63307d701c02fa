import { describe, expect, test } from 'vitest'
import {
  dateModel, daysIn, parseDate, parseTime, type Regions, rangeModel, regionModel, timeModel,
} from './picker-columns'
import { sliderValue } from './slider-value'

const now = new Date(2026, 10, 22, 9, 5)
const units = ['年', '月', '日']
const date = (value: unknown, start: unknown = '', end: unknown = '', fields = 'day') =>
  dateModel({ value, start, end, fields, units }, now)

describe('time', () => {
  test('starts at the value, or now', () => {
    expect(timeModel('12:01', '', '', now).value()).toBe('12:01')
    expect(timeModel('', '', '', now).value()).toBe('09:05')
    expect(parseTime('nonsense')).toBeUndefined()
  })
  test('minutes are bounded only in the first and last hour', () => {
    const model = timeModel('10:00', '09:30', '21:15', now)
    expect(model.columns()[0]!.labels).toHaveLength(13)
    expect(model.columns()[1]!.labels).toHaveLength(60)
    model.move(0, 0)
    expect(model.value()).toBe('09:30')
    expect(model.columns()[1]).toEqual({ labels: Array.from({ length: 30 }, (_, i) => String(30 + i)), index: 0 })
    model.move(0, 12)
    expect(model.value()).toBe('21:15')
  })
})

describe('date', () => {
  test('months have their days, and a day beyond them is brought back', () => {
    expect([daysIn(2024, 2), daysIn(2025, 2), daysIn(2000, 2), daysIn(1900, 2)]).toEqual([29, 28, 29, 28])
    const model = date('2024-01-31')
    model.move(1, 1)
    expect(model.value()).toBe('2024-02-29')
    model.move(0, model.columns()[0]!.labels.indexOf('2025年'))
    expect(model.value()).toBe('2025-02-28')
  })
  test('bounds', () => {
    const model = date('2016-09-01', '2015-09-03', '2017-09-01')
    expect(model.columns()[0]!.labels).toEqual(['2015年', '2016年', '2017年'])
    model.move(0, 0)
    expect(model.value()).toBe('2015-09-03')
    expect(model.columns()[1]!.labels).toEqual(['09月', '10月', '11月', '12月'])
    model.move(0, 2)
    expect(model.value()).toBe('2017-09-01')
    expect(model.columns()[2]!.labels).toEqual(['01日'])
    expect(date('1999-01-01', '2015-09-03').value()).toBe('2015-09-03')
  })
  test('fields', () => {
    expect(date('2016-09', '', '', 'month').value()).toBe('2016-09')
    expect(date('2016', '', '', 'year').columns()).toHaveLength(1)
    expect(date('', '', '').value()).toBe('2026-11-22')
    expect(parseDate('', [1, 1, 1])).toBeUndefined()
  })
  test('an end before the start still leaves one choice', () => {
    expect(date('2020-01-01', '2020-05-05', '2019-01-01').value()).toBe('2020-05-05')
  })
})

test('ranges: objects by key, indexes out of range are brought back', () => {
  const model = rangeModel([['a', 'b'], [{ n: 'x' }, { n: 'y' }]], 'n', ['1', 9])
  expect(model.columns().map((column) => column.labels)).toEqual([['a', 'b'], ['x', 'y']])
  expect(model.value()).toEqual([1, 1])
  expect(rangeModel([[]], '', [-1]).value()).toEqual([0])
  expect(rangeModel([[null, undefined, 0]], 'k', [NaN]).columns()[0]!.labels).toEqual(['', '', '0'])
})

describe('region', () => {
  const regions: Regions = {
    names: { 1: '甲省', 2: '乙省', 11: '甲市', 21: '乙市', 22: '丙市', 111: '甲区', 221: '丙区' },
    below: { '': ['1', '2'], 1: ['11'], 2: ['21', '22'], 11: ['111'], 22: ['221'] },
  }
  test('names in, names and codes out', () => {
    expect(regionModel(regions, ['乙省', '丙市', '丙区'], 3, '').value()).toEqual({ value: ['乙省', '丙市', '丙区'], code: ['2', '22', '221'] })
    expect(regionModel(regions, [], 3, '').value()).toEqual({ value: ['甲省', '甲市', '甲区'], code: ['1', '11', '111'] })
  })
  test('a move resets what is below; a city without districts ends there', () => {
    const model = regionModel(regions, [], 3, '')
    model.move(0, 1)
    expect(model.value()).toEqual({ value: ['乙省', '乙市'], code: ['2', '21'] })
    expect(model.columns()[2]!.labels).toEqual([])
  })
  test('the custom item stands for everything below', () => {
    const model = regionModel(regions, ['乙省', '全部', '全部'], 3, '全部')
    expect(model.columns().map((column) => column.labels)).toEqual([['全部', '甲省', '乙省'], ['全部', '乙市', '丙市'], ['全部']])
    expect(model.value()).toEqual({ value: ['乙省', '全部', '全部'], code: ['2'] })
  })
})

test('slider values stand on steps without floating point dust', () => {
  expect(sliderValue(0.29, 0, 1, 0.1)).toBe(0.3)
  expect(sliderValue(57, 5, 100, 10)).toBe(55)
  expect(sliderValue(1000, 0, 100, 1)).toBe(100)
  expect(sliderValue(-5, 0, 100, 1)).toBe(0)
  expect(sliderValue(3, 0, 10, 0)).toBe(3)
})
