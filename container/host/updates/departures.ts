/**
 * Starts that the person left before their first page: closed tabs, another app in front. They are nobody's fault, but
 * a page that goes away has no time to write to a database, and may never come back. So they are noted in what a page
 * can write at once, when it goes out of sight, and taken from there by the next start.
 */
type Notes = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

export class Departures {
  private readonly starting = new Set<string>()
  private readonly seen = (): void => this.note(document.visibilityState === 'hidden')
  private readonly leaving = (): void => this.note(true)

  /** `key` is this phone's own in `notes`, which may throw, as browsers' do where they are switched off. */
  constructor(private readonly key: string, private readonly notes: () => Notes = () => localStorage) {
    document.addEventListener('visibilitychange', this.seen)
    window.addEventListener('pagehide', this.leaving)
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.seen)
    window.removeEventListener('pagehide', this.leaving)
  }

  /** A start begins, maybe out of sight. */
  begin(id: string): void {
    this.starting.add(id)
    this.seen()
  }

  /** It is known how the start went. */
  end(id: string): void {
    if (!this.starting.delete(id)) return
    this.write(this.read().filter((other) => other !== id))
  }

  /** Starts that were left, each once. */
  take(): string[] {
    const left = this.read()
    this.write([])
    return left
  }

  private note(hidden: boolean): void {
    if (this.starting.size === 0) return
    // other pages of this phone have their own in the same place
    const others = this.read().filter((id) => !this.starting.has(id))
    this.write(hidden ? [...others, ...this.starting] : others)
  }

  private read(): string[] {
    try {
      const kept: unknown = JSON.parse(this.notes().getItem(this.key) ?? '[]')
      return Array.isArray(kept) ? kept.filter((id) => typeof id === 'string') : []
    } catch {
      return []
    }
  }

  private write(ids: string[]): void {
    try {
      if (ids.length) this.notes().setItem(this.key, JSON.stringify(ids))
      else this.notes().removeItem(this.key)
    } catch {
      // then such starts count as failed ones
    }
  }
}
