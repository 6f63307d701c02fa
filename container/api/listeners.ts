import type { Runtime } from '../runtime/context'

/** Program functions that wait for an event; `off` without a function removes all, as on WeChat. */
export class Listeners<T = unknown> {
  private list: ((detail: T) => void)[] = []

  constructor(private readonly rt: Pick<Runtime, 'guard'>, private readonly name: string) {}

  readonly on = (listener: (detail: T) => void): void => {
    if (typeof listener === 'function') this.list.push(listener)
  }

  readonly off = (listener?: (detail: T) => void): void => {
    this.list = listener === undefined ? [] : this.list.filter((one) => one !== listener)
  }

  emit(detail: T): void {
    for (const listener of [...this.list]) this.rt.guard(`wx.${this.name}`, () => listener(detail))
  }

  get size(): number {
    return this.list.length
  }
}
