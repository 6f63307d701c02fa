/** Sessions: from a cold launch, or after half an hour in which nothing happened, to the next such moment. */

/** ms */
export const SESSION_REST = 30 * 60_000

export class Session {
  private id: string
  private last: number

  constructor(private readonly make: () => string, at: number) {
    this.id = make()
    this.last = at
  }

  /** The session of this moment; `active`: the person, or the program for them, did something. */
  of(at: number, active: boolean): string {
    if (at - this.last > SESSION_REST) this.id = this.make()
    if (active || at - this.last > SESSION_REST) this.last = Math.max(this.last, at)
    return this.id
  }
}
