/** Advertisements: the objects exist; loading one fails as on WeChat when there is none to show. */
import type { Area, AreaFactory } from './kit'
import { Listeners } from './listeners'
import type { Runtime } from '../runtime/context'

/** "no suitable advertisement", an ordinary answer that programs are told to expect. */
const NO_AD = { errMsg: 'no advertisement', errCode: 1004 }

class Advertisement {
  readonly onLoad: (listener: (detail: any) => void) => void
  readonly offLoad: (listener?: (detail: any) => void) => void
  readonly onError: (listener: (detail: any) => void) => void
  readonly offError: (listener?: (detail: any) => void) => void
  readonly onClose: (listener: (detail: any) => void) => void
  readonly offClose: (listener?: (detail: any) => void) => void
  readonly onResize: (listener: (detail: any) => void) => void
  readonly offResize: (listener?: (detail: any) => void) => void
  private readonly errors: Listeners<any>

  constructor(rt: Runtime, name: string, readonly adUnitId: string, loadsItself: boolean) {
    const load = new Listeners<any>(rt, `${name}.onLoad`)
    const close = new Listeners<any>(rt, `${name}.onClose`)
    const resize = new Listeners<any>(rt, `${name}.onResize`)
    this.errors = new Listeners<any>(rt, `${name}.onError`)
    this.onLoad = load.on
    this.offLoad = load.off
    this.onClose = close.on
    this.offClose = close.off
    this.onResize = resize.on
    this.offResize = resize.off
    this.onError = this.errors.on
    this.offError = this.errors.off
    // An advertisement begins to load when it is made; listeners are added after that.
    if (loadsItself) setTimeout(() => this.errors.emit({ ...NO_AD }), 0)
  }

  readonly load = (): Promise<never> => {
    this.errors.emit({ ...NO_AD })
    return Promise.reject({ ...NO_AD })
  }

  readonly show = (): Promise<never> => Promise.reject({ ...NO_AD })
  readonly hide = (): Promise<void> => Promise.resolve()
  readonly destroy = (): void => undefined
  readonly isShow = (): boolean => false
}

const KINDS: { [create: string]: string } = {
  createRewardedVideoAd: 'RewardedVideoAd',
  createInterstitialAd: 'InterstitialAd',
}

export const ads: AreaFactory = (rt): Area => {
  const rewarded = new Map<string, Advertisement>()
  const sync: { [name: string]: unknown } = {}
  const partial: { [name: string]: string } = {}
  for (const [create, name] of Object.entries(KINDS)) {
    sync[create] = ({ adUnitId = '', multiton = false } = {}) => {
      // One rewarded video per unit, as documented.
      const known = name === 'RewardedVideoAd' && !multiton ? rewarded.get(adUnitId) : undefined
      const ad = known ?? new Advertisement(rt, name, adUnitId, true)
      if (name === 'RewardedVideoAd') rewarded.set(adUnitId, ad)
      return ad
    }
    partial[create] = 'there are no advertisements; loading fails with errCode 1004'
  }
  return { sync, partial }
}
