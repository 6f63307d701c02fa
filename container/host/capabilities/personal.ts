/** What the person keeps in the phone and may hand over, one item at a time: addresses, invoice titles, contacts. */
import type { WireObject } from '../../bridge/messages'
import { askForm } from './panels'
import type { Field, FormValues } from './panels'
import { say } from './strings'
import { cancelled, fail } from './types'
import type { Capability, HostCall } from './types'

/** More than anyone keeps; the oldest goes. */
const MAX_KEPT = 50

interface Kind {
  key: string
  title: string
  add: string
  fields: Field[]
  /** one line, and the line below it */
  describe(values: FormValues): { text: string; detail: string }
}

/** Choose a kept item or write a new one, which is then kept. */
async function choose(call: HostCall, kind: Kind): Promise<FormValues> {
  const kept = (await call.profile.get<FormValues[]>(kind.key)) ?? []
  if (kept.length > 0 && call.prompt.interactive) {
    const items = [...kept.map(kind.describe), { text: kind.add }].map((item, index) => ({
      ...item,
      checked: index === 0,
    }))
    const chosen = await call.prompt.ask({ kind: 'list', title: kind.title, multiple: false, items })
    if (!chosen || chosen.length === 0) throw cancelled()
    const found = kept[chosen[0]!]
    if (found) return found
  }
  const values = await askForm(call, kind.title, kind.fields)
  if (call.prompt.interactive) await call.profile.write(new Map([[kind.key, [values, ...kept].slice(0, MAX_KEPT)]]))
  return values
}

export const chooseAddress: Capability = async (call) => {
  const field = (
    name: 'userName' | 'telNumber' | 'provinceName' | 'cityName' | 'countyName' | 'detailInfo' | 'postalCode',
    example: string,
    type?: Field['type'],
  ): Field => ({ name, label: say(call, name), example, type, required: name !== 'postalCode' })
  const values = await choose(call, {
    key: 'addresses',
    title: say(call, 'address'),
    add: say(call, 'newAddress'),
    fields: [
      field('userName', '张三'),
      field('telNumber', '13800000000', 'tel'),
      field('provinceName', '广东省'),
      field('cityName', '广州市'),
      field('countyName', '海珠区'),
      field('detailInfo', '新港中路 397 号'),
      field('postalCode', '510000'),
    ],
    describe: (one) => ({
      text: `${one.userName} ${one.telNumber}`,
      detail: `${one.provinceName}${one.cityName}${one.countyName}${one.detailInfo}`,
    }),
  })
  return { ...values, detailInfoNew: values.detailInfo ?? '', streetName: '', nationalCode: '' }
}

export const chooseInvoiceTitle: Capability = async (call) => {
  const field = (
    name: 'title' | 'taxNumber' | 'companyAddress' | 'telephone' | 'bankName' | 'bankAccount',
    example: string,
  ): Field => ({ name, label: say(call, name), example, required: name === 'title' })
  const values = await choose(call, {
    key: 'invoiceTitles',
    title: say(call, 'invoice'),
    add: say(call, 'newInvoice'),
    fields: [
      field('title', '某某公司'),
      field('taxNumber', '91440101327598294H'),
      field('companyAddress', ''),
      field('telephone', ''),
      field('bankName', ''),
      field('bankAccount', ''),
    ],
    describe: ({ title = '', taxNumber = '' }) => ({ text: title, detail: taxNumber }),
  })
  // WeChat says 0 (as text) for an organisation, 1 for a person.
  return { type: values.taxNumber ? '0' : '1', ...values }
}

interface ContactPicker {
  select(properties: string[]): Promise<{ name?: string[]; tel?: string[] }[]>
}

/** The browser's contact picker where it has one, else typed in. */
export const chooseContact: Capability = async (call): Promise<WireObject> => {
  const { contacts } = navigator as { contacts?: ContactPicker }
  if (contacts && call.prompt.interactive && navigator.userActivation?.isActive) {
    const [chosen] = await contacts.select(['name', 'tel']).catch(() => [])
    if (!chosen) throw cancelled()
    const numbers = chosen.tel ?? []
    return { phoneNumber: numbers[0] ?? '', displayName: chosen.name?.[0] ?? '', phoneNumberList: numbers }
  }
  const { displayName = '', phoneNumber = '' } = await askForm(call, say(call, 'contact'), [
    { name: 'displayName', label: say(call, 'displayName'), example: '张三' },
    { name: 'phoneNumber', label: say(call, 'phone'), type: 'tel', required: true, example: '13800000000' },
  ])
  return { phoneNumber, displayName, phoneNumberList: [phoneNumber] }
}

export const chooseLicensePlate: Capability = async (call) => {
  const { plateNumber = '' } = await askForm(call, say(call, 'plate'), [
    { name: 'plateNumber', label: say(call, 'plate'), required: true, example: '粤A12345' },
  ])
  return { plateNumber }
}

/** Browsers have no step counter. */
export const getWeRunData: Capability = async (call) => {
  await call.authorize('scope.werun')
  throw fail('device not support', 1003)
}
