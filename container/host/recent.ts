/** Programs in the background: the most recent first, a bounded number. */

/** A program holds 20 to 60 MB; three are what a person switches between. */
export const MAX_BACKGROUND = 3

export class Recent<T> {
  private items: T[] = []

  constructor(private readonly limit = MAX_BACKGROUND) {}

  /** Put in front; returns those that must go. */
  push(item: T): T[] {
    this.items = [item, ...this.items.filter((one) => one !== item)]
    return this.items.splice(this.limit)
  }

  remove(item: T): void { this.items = this.items.filter((one) => one !== item) }
  all(): readonly T[] { return this.items }
}
