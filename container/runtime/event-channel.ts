/** The channel between a page and the page that opened it (wx.navigateTo events, getOpenerEventChannel). */
type Listener = (...args: any[]) => void

export class EventChannel {
  private listeners = new Map<string, { listener: Listener; once: boolean }[]>()

  constructor(private peer: EventChannel | undefined, private readonly guard: (run: () => void) => void) {}

  /** Two ends: what one emits the other hears. */
  static pair(guard: (run: () => void) => void): [EventChannel, EventChannel] {
    const opener = new EventChannel(undefined, guard)
    const opened = new EventChannel(opener, guard)
    opener.peer = opened
    return [opener, opened]
  }

  emit(name: string, ...args: unknown[]): void {
    const heard = this.peer?.listeners.get(name) ?? []
    for (const entry of [...heard]) {
      if (entry.once) this.peer?.off(name, entry.listener)
      this.guard(() => entry.listener(...args))
    }
  }

  on(name: string, listener: Listener): void {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), { listener, once: false }])
  }

  once(name: string, listener: Listener): void {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), { listener, once: true }])
  }

  off(name: string, listener?: Listener): void {
    if (!listener) this.listeners.delete(name)
    else this.listeners.set(name, (this.listeners.get(name) ?? []).filter((entry) => entry.listener !== listener))
  }
}
