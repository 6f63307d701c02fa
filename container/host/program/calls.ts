/** Answers a frame's calls: checks what concerns the program (domains, network, scopes), then runs the capability. */
import type { Call, Reply, WireError, WireObject } from '../../bridge/messages'
import { CAPABILITIES } from '../capabilities'
import { CapabilityError, type Capability, type HostCall } from '../capabilities/types'
import { ADDRESS_CALLS, ADDRESS_OR_DATA, mayReach, type DomainPolicy } from '../frame/policy'
import { transferTime, type Network } from '../network'
import type { Domains } from '../package/manifest'
import { CALL_SCOPES } from './scopes'
import { sizeOf } from './quota'

/** Calls that an operation of the gateway may answer, which they name; the last two also by its address. */
const OPERATION_CALLS: readonly string[] = ['rpc', 'request', 'socketConnect']

/** Names of calls that the host answers itself, beside the capabilities. */
export const HOST_CALLS = ['loadPackage', 'loadChunk', 'openWebView', 'applyUpdate', 'report'] as const
export type HostCalls = { readonly [name in (typeof HOST_CALLS)[number]]: (args: WireObject) => Promise<Answer> }

/** For wx.canIUse. */
export const ANSWERED_CALLS: readonly string[] = [...HOST_CALLS, ...Object.keys(CAPABILITIES)]

export interface Answer {
  value: WireObject
  transfer?: Transferable[]
}

export interface CallSurroundings {
  own: HostCalls
  domains: Domains | null
  /** operations that the manifest lists */
  operations: readonly string[] | null
  policy: DomainPolicy
  network: Network
  /** what a capability gets, but for name and arguments */
  surroundings: Omit<HostCall, 'name' | 'args'>
  /** an error that is the host's or a capability's own fault */
  internal: (name: string, error: unknown) => void
}

/** Run one call; never rejects. The reply's value may hold buffers to move. */
export async function answerCall(
  call: Call,
  around: CallSurroundings,
): Promise<{ reply: Reply; transfer: Transferable[] }> {
  const { id, name, args } = call
  try {
    const { value, transfer = [] } = await run(name, args, around)
    return { reply: { kind: 'reply', id, value }, transfer }
  } catch (error) {
    return { reply: { kind: 'reply', id, error: wireError(name, error, around) }, transfer: [] }
  }
}

async function run(name: string, given: WireObject, around: CallSurroundings): Promise<Answer> {
  if (Object.hasOwn(around.own, name)) return around.own[name as keyof HostCalls](given)
  const capability: Capability | undefined = Object.hasOwn(CAPABILITIES, name) ? CAPABILITIES[name] : undefined
  if (!capability) throw new CapabilityError('not supported')
  const { gateway } = around.surroundings
  const args = OPERATION_CALLS.includes(name) ? { ...given, ...gateway?.operationAt(given.url) } : given
  const call: HostCall = { ...around.surroundings, name, args }
  const kind = Object.hasOwn(ADDRESS_CALLS, name) ? ADDRESS_CALLS[name] : undefined
  const scope = Object.hasOwn(CALL_SCOPES, name) ? CALL_SCOPES[name] : undefined
  const capable = async (): Promise<WireObject> => {
    if (scope) await call.authorize(scope)
    return capability(call)
  }
  const { conditions } = around.network
  const { operationType } = args
  if (name === 'rpc' || (OPERATION_CALLS.includes(name) && operationType !== undefined)) {
    if (typeof operationType === 'string' && gateway && !gateway.permits(operationType, around.operations, around.policy)) {
      throw new CapabilityError('operation not in list', 600002)
    }
  } else {
    if (!kind || (ADDRESS_OR_DATA.includes(name) && args.url === undefined)) return { value: await capable() }
    if (typeof args.url !== 'string' || !mayReach(args.url, kind, around.domains, around.policy)) {
      throw new CapabilityError('url not in domain list', 600002)
    }
  }
  if (conditions.offline) throw new CapabilityError('net::ERR_INTERNET_DISCONNECTED', 600003)
  await pause(conditions.latency + transferTime(sizeOf(args), conditions), call.signal)
  const value = await capable()
  await pause(transferTime(sizeOf(value), conditions), call.signal)
  return { value }
}

function wireError(name: string, error: unknown, around: CallSurroundings): WireError {
  if (error instanceof CapabilityError) {
    const { reason, errno } = error
    return errno === undefined ? { reason } : { reason, errno }
  }
  // The program learns nothing about the host from its faults.
  around.internal(name, error)
  return { reason: 'internal error' }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => { clearTimeout(timer); resolve() }, { once: true })
  })
}
