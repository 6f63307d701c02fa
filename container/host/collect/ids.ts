/** Names of records: sixteen random hex digits. Randomness is asked for by the thousand, as asking takes its time. */
const POOL = 512

export class Ids {
  private readonly pool = new Uint32Array(POOL)
  private used = POOL

  next(): string { return this.eight() + this.eight() }

  private eight(): string {
    if (this.used === POOL) {
      crypto.getRandomValues(this.pool)
      this.used = 0
    }
    return this.pool[this.used++]!.toString(16).padStart(8, '0')
  }
}
