/**
 * Calls to a gateway: encrypted, signed, sent, checked and opened. The bundle rpc.js, loaded at the first call.
 */
import { isRpcFault, RpcFault } from './fault'
import { hmac } from './hpke'
import { listed, type GatewayOptions, type RpcAnswer, type RpcRequest, type SealKey } from './options'
import { seal, usable, type National, type Sealed } from './sealing'
import * as wire from './wire'
import type { Bytes } from './wire'

export interface ClientSurroundings {
  fetch: typeof globalThis.fetch
  /** id of this device */
  device(): Promise<string>
  national(): Promise<National>
  /** ms since 1970, as this device counts them */
  now(): number
}

export interface Outgoing extends Omit<RpcRequest, 'target'> {
  /** "", or "?" and a query */
  query: string
  version: string
  /** the answer is wanted as it comes */
  streamed: boolean
}

export interface Incoming {
  answer: RpcAnswer
  /** the body, when the answer is passed on as it comes */
  stream: ReadableStream<Bytes> | undefined
}

/** Interceptors may say no. */
export const PREVENTED = 9
const GOOD = 1000
const SIGNATURE_TIME = 7003
const NONCE_BYTES = 24
/** ms by which a clock must be wrong for a refused signature to be its fault */
const CLOCK_ERROR = 1000
const HASHES = { 'hmac-sha256': 'sha256', 'hmac-sm3': 'sm3' } as const
type Hash = (typeof HASHES)[keyof typeof HASHES]

export class Client {
  /** ms by which the server's clock is ahead of this device's */
  private ahead = 0
  private key: Promise<SealKey | undefined> | undefined

  constructor(private readonly options: GatewayOptions, private readonly around: ClientSurroundings) {}

  async call(outgoing: Outgoing, signal: AbortSignal): Promise<Incoming> {
    const { query, version, streamed, ...rest } = outgoing
    const request: RpcRequest = { ...rest, target: query }
    const interceptors = this.options.interceptors ?? []
    try {
      for (const { before } of interceptors) await allowed(before?.(request))
      const before = this.ahead
      let incoming = await this.send(request, version, streamed, signal)
      if (incoming.answer.resultStatus === SIGNATURE_TIME && Math.abs(this.ahead - before) > CLOCK_ERROR) {
        // the device's clock was wrong; now it is known by how much
        incoming = await this.send(request, version, streamed, signal)
      }
      for (const { after } of [...interceptors].reverse()) await allowed(after?.(request, incoming.answer))
      return incoming
    } catch (error) {
      const reason = isRpcFault(error) ? error.reason : signal.aborted ? 'abort' : 'network'
      for (const { failed } of [...interceptors].reverse()) failed?.(request, reason)
      throw error
    }
  }

  private async send(request: RpcRequest, version: string, streamed: boolean, signal: AbortSignal): Promise<Incoming> {
    const { options, around } = this
    const { operationType, method } = request
    const address = new URL(`rpc/${operationType}${request.target}`, folder(options.url))
    // what is signed is what the browser sends: it writes some characters in its own way
    const target = wire.sentTarget(address)
    const headers = new Headers(request.headers)
    const nonce = base64url(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)))
    const time = Math.round(around.now() + this.ahead)
    headers.set(wire.APP, options.app)
    headers.set(wire.DEVICE, options.device ?? await around.device())
    headers.set(wire.TIME, String(time))
    headers.set(wire.NONCE, nonce)
    if (version) headers.set(wire.VERSION, version)
    const sealed = await this.seal(request, nonce)
    if (sealed) headers.set(wire.ENCRYPTION, sealed.header)
    const body = sealed?.body ?? request.body
    if (options.secret !== undefined) {
      const algorithm = options.algorithm ?? 'hmac-sha256'
      const digest = wire.hex(await this.hash(HASHES[algorithm], body ?? new Uint8Array()))
      const text = wire.textToSign({ app: options.app, operationType, method, target, time, nonce, digest })
      headers.set(wire.SIGNATURE, `${algorithm} ${options.kid ?? ''} ${wire.base64(await this.sign(algorithm, text))}`)
    }
    const sent = around.now()
    const response = await around.fetch(address, {
      method, headers, body: body ?? null, signal, credentials: 'omit', cache: 'no-store', redirect: 'error',
    })
    this.setClock(response.headers.get('server-time'), sent)
    return this.receive(request, nonce, sealed, streamed, response)
  }

  private async receive(
    { operationType }: RpcRequest, nonce: string, sealed: Sealed | undefined, streamed: boolean, response: Response,
  ): Promise<Incoming> {
    const { headers, status } = response
    const answer: RpcAnswer = {
      statusCode: status,
      headers,
      resultStatus: Number(headers.get('result-status') ?? 0),
      tips: decoded(headers.get('tips')),
      memo: decoded(headers.get('memo')),
      trace: headers.get(wire.TRACE) ?? '',
      body: undefined,
    }
    const signature = headers.get(wire.ANSWER_SIGNATURE)
    const mustVerify = listed(operationType, this.options.verified ?? [])
    const isSealed = headers.has(wire.ENCRYPTION)
    if (streamed && !signature && !mustVerify && !isSealed && response.body) {
      return { answer, stream: response.body as ReadableStream<Bytes> }
    }
    const bytes: Bytes = new Uint8Array(await response.arrayBuffer())
    // Refusals before the caller is known cannot be signed, nor sealed before the key is known; a program must not take them
    // for answers of its service, and does not: they fail.
    const refused = answer.resultStatus !== GOOD
    if (signature ? !await this.verified(signature, answer.trace, status, nonce, bytes) : mustVerify && !refused) {
      throw new RpcFault('the answer is not signed by the gateway')
    }
    if (isSealed && sealed) {
      answer.body = await sealed.open(bytes).catch(() => { throw new RpcFault('the answer cannot be decrypted') })
    } else {
      if (sealed && !refused) throw new RpcFault('the answer is not encrypted')
      answer.body = bytes
    }
    return { answer, stream: undefined }
  }

  private async seal({ operationType, body }: RpcRequest, nonce: string): Promise<Sealed | undefined> {
    const { options, around } = this
    if (!options.seal || (options.sealed && !listed(operationType, options.sealed))) return undefined
    const keys: readonly SealKey[] = 'kid' in options.seal ? [options.seal] : options.seal
    const key = await (this.key ??= usable(keys))
    if (!key) throw new RpcFault('this browser has none of the encryption algorithms')
    const info = wire.sealInfo(options.app, operationType, nonce)
    return seal(key, info, body ?? new Uint8Array(), () => around.national())
  }

  private async verified(signature: string, trace: string, status: number, nonce: string, body: Bytes): Promise<boolean> {
    const [algorithm = '', , value = ''] = signature.split(' ')
    const given = wire.unbase64(value)
    if (!given || !Object.hasOwn(HASHES, algorithm) || this.options.secret === undefined) return false
    const known = algorithm as keyof typeof HASHES
    const text = wire.textOfAnswer(trace, status, nonce, wire.hex(await this.hash(HASHES[known], body)))
    return wire.same(given, await this.sign(known, text))
  }

  private async sign(algorithm: keyof typeof HASHES, text: Bytes): Promise<Bytes> {
    const key = wire.unbase64(this.options.secret ?? '')
    if (!key) throw new RpcFault('the secret of the gateway is not base64')
    return algorithm === 'hmac-sm3' ? (await this.around.national()).hmac(key, text) : hmac(key, text)
  }

  private async hash(name: Hash, bytes: Bytes): Promise<Bytes> {
    return name === 'sm3'
      ? (await this.around.national()).digest(bytes)
      : new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  }

  private setClock(serverTime: string | null, sent: number): void {
    const server = Number(serverTime)
    // It was written after the request was sent and before its answer came; what agrees with that is kept.
    if (server > 0) this.ahead = Math.min(Math.max(this.ahead, server - this.around.now()), server - sent)
  }
}

export const open = (options: GatewayOptions, around: ClientSurroundings): Client => new Client(options, around)

async function allowed(word: boolean | void | Promise<boolean | void> | undefined): Promise<void> {
  if (await word === false) throw new RpcFault('prevented by an interceptor', PREVENTED)
}

const folder = (url: string): URL => new URL(url.endsWith('/') ? url : `${url}/`, document.baseURI)

const base64url = (bytes: Bytes): string => wire.base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

/** Sentences are in headers as percent-encoded UTF-8. */
function decoded(text: string | null): string {
  try {
    return decodeURIComponent(text ?? '')
  } catch {
    return text ?? ''
  }
}
