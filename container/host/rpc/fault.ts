/**
 * A call that has no answer which could be believed; `reason` is for the program. Known by its name: the client is in a bundle
 * of its own, with its own copy of this class.
 */
export class RpcFault extends Error {
  override readonly name = 'RpcFault'

  constructor(readonly reason: string, readonly code?: number) {
    super(reason)
  }
}

export const isRpcFault = (error: unknown): error is RpcFault => error instanceof Error && error.name === 'RpcFault'
