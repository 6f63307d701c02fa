/** The phone's gateway: loads the client (rpc.js) at the first call. */
import type { ValueStore } from '../capabilities/types'
import { deviceId } from '../updates/device'
import type { Client } from './client'
import { listed, operationsAt, type GatewayOptions } from './options'
import { isOperationType } from './wire'

export interface GatewaySurroundings {
  fetch: typeof globalThis.fetch
  /** values of this name */
  values(area: string): Promise<ValueStore>
  /** address of a file of the container bundle */
  file(name: string): string
}

export class Gateway {
  private loading: Promise<Client> | undefined

  constructor(private readonly options: GatewayOptions, private readonly around: GatewaySurroundings) {}

  /** May a program call this, that lists these operations (null: none)? */
  permits(operationType: string, operations: readonly string[] | null, policy: 'listed' | 'any'): boolean {
    return policy === 'any' || listed(operationType, operations ?? []) || listed(operationType, this.options.operations ?? [])
  }

  /** Of an address below this gateway's `rpc/`, also of a WebSocket: the operation, and its query. */
  operationAt(address: unknown): { operationType: string; query: string } | undefined {
    if (typeof address !== 'string' || !URL.canParse(address)) return undefined
    const url = new URL(address.replace(/^ws/i, 'http'))
    const folder = operationsAt(this.options.url)
    if (url.username || url.password || !`${url.origin}${url.pathname}`.startsWith(folder.href)) return undefined
    const operationType = url.pathname.slice(folder.pathname.length)
    return isOperationType(operationType) ? { operationType, query: url.search.slice(1) } : undefined
  }

  client(): Promise<Client> {
    this.loading ??= this.load()
    this.loading.catch(() => { this.loading = undefined })
    return this.loading
  }

  private async load(): Promise<Client> {
    const { options, around } = this
    const { open } = await import(/* @vite-ignore */ around.file('rpc.js')) as typeof import('./client')
    let device: Promise<string> | undefined
    return open(options, {
      fetch: around.fetch,
      device: () => device ??= around.values(`gateway ${new URL(options.url, document.baseURI).href}`).then(deviceId),
      national: () => import(/* @vite-ignore */ around.file('national.js')) as Promise<typeof import('./national')>,
      now: () => Date.now(),
    })
  }
}
