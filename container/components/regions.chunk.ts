/** Provinces, cities and districts of China. */
import { areaList } from '@vant/area-data'
import type { Regions } from './picker-columns'

const { province_list: provinces, city_list: cities, county_list: districts } = areaList

const below: Regions['below'] = { '': Object.keys(provinces) }
const put = (parent: string, code: string) => void (below[parent] ??= []).push(code)
for (const code of Object.keys(cities)) put(`${code.slice(0, 2)}0000`, code)
for (const code of Object.keys(districts)) put(`${code.slice(0, 4)}00`, code)

export const regions: Regions = { names: { ...provinces, ...cities, ...districts }, below }
