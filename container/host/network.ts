/** The network as the phone shows it to programs: the real one, made worse when the simulator asks. */

export interface NetworkConditions {
  offline: boolean
  /** added to every call, ms */
  latency: number
  /** both ways together; 0: as fast as it goes */
  kbps: number
}

export const UNTHROTTLED: NetworkConditions = { offline: false, latency: 0, kbps: 0 }

/** How long `bytes` take at this speed, ms. */
export const transferTime = (bytes: number, { kbps }: NetworkConditions): number => (kbps > 0 ? (bytes * 8) / kbps : 0)

export class Network {
  conditions = UNTHROTTLED

  /** As in Boot and the `network` event. */
  status(): { isConnected: boolean; networkType: string } {
    const isConnected = !this.conditions.offline && navigator.onLine
    return { isConnected, networkType: isConnected ? this.type() : 'none' }
  }

  private type(): string {
    const { kbps } = this.conditions
    if (kbps > 0) return kbps < 100 ? '2g' : kbps < 2000 ? '3g' : kbps < 20_000 ? '4g' : 'wifi'
    const connection = (navigator as { connection?: { type?: string; effectiveType?: string } }).connection
    return connection?.type === 'cellular' ? connection.effectiveType?.replace('slow-', '') ?? '4g' : 'wifi'
  }
}
