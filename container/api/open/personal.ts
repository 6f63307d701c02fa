/** What the person keeps in the phone and may hand over: addresses, invoice titles, contacts, steps. */
import type { AreaFactory } from '../kit'
import { wxArea } from '../typed'

export const personal: AreaFactory = (rt) => wxArea({
  async: {
    chooseAddress: () => rt.call('chooseAddress') as Promise<any>,
    chooseInvoiceTitle: () => rt.call('chooseInvoiceTitle') as Promise<any>,
    chooseContact: () => rt.call('chooseContact') as Promise<any>,
    chooseLicensePlate: () => rt.call('chooseLicensePlate') as Promise<any>,
    getWeRunData: () => rt.call('getWeRunData') as Promise<any>,
  },
  partial: { getWeRunData: 'only where the host has a step counter; otherwise fails' },
})
