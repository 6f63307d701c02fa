/**
 * Calls to a gateway: encrypted, signed, sent, checked and opened. The bundle rpc.js, loaded at the first call.
 */
import { isRpcFault, RpcFault } from './fault'
import { hmac } from './hpke'
import { listed, operationsAt, type GatewayOptions, type RpcAnswer, type RpcRequest, type SealKey } from './options'
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
/** no operation: the gateway answers itself, with its time */
const NOTHING = 'none'
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
    const { version, streamed } = outgoing
    return this.intercepted(outgoing, signal, async (request, after) => {
      const before = this.ahead
      let incoming = await this.send(request, version, streamed, signal)
      if (incoming.answer.resultStatus === SIGNATURE_TIME && this.clockMoved(before)) {
        // the device's clock was wrong; now it is known by how much
        incoming = await this.send(request, version, streamed, signal)
      }
      await after(incoming.answer)
      return incoming
    })
  }

  /** The address of one connection to an operation: signed in its query, since browsers send no headers with a WebSocket. */
  socket(outgoing: Outgoing, signal: AbortSignal): Promise<URL> {
    return this.intercepted(outgoing, signal, async (request) => {
      const address = this.address(request)
      // neither a fragment nor a "?" with nothing behind it reaches the gateway
      address.hash = ''
      const query = address.search.slice(1)
      address.search = query
      const fields = Object.entries(await this.fields(request, outgoing.version, address, newNonce()))
      const signed = fields.map((field) => field.map(encodeURIComponent).join('=')).join('&')
      address.search = query ? `${query}&${signed}` : signed
      address.protocol = address.protocol.replace('http', 'ws')
      return address
    })
  }

  /** A browser does not say why a WebSocket was not opened. Was this device's clock wrong? Then it no longer is. */
  async clockWasWrong(signal: AbortSignal): Promise<boolean> {
    const before = this.ahead
    const address = new URL(`${NOTHING}?${wire.APP}=${encodeURIComponent(this.options.app)}`, operationsAt(this.options.url))
    const sent = this.around.now()
    const { headers } = await this.around.fetch(address, { signal, credentials: 'omit', cache: 'no-store', redirect: 'error' })
    this.setClock(headers.get('server-time'), sent)
    return this.clockMoved(before)
  }

  private async intercepted<T>(
    { query, operationType, program, method, headers, body }: Outgoing, signal: AbortSignal,
    work: (request: RpcRequest, after: (answer: RpcAnswer) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    const request: RpcRequest = { operationType, program, method, headers, body, target: query }
    const interceptors = this.options.interceptors ?? []
    const reversed = [...interceptors].reverse()
    try {
      for (const { before } of interceptors) await allowed(before?.(request))
      return await work(request, async (answer) => {
        for (const { after } of reversed) await allowed(after?.(request, answer))
      })
    } catch (error) {
      const reason = isRpcFault(error) ? error.reason : signal.aborted ? 'abort' : 'network'
      for (const { failed } of reversed) failed?.(request, reason)
      throw error
    }
  }

  private address({ operationType, target }: RpcRequest): URL {
    return new URL(`${operationType}${target}`, operationsAt(this.options.url))
  }

  /** The headers that name the caller, and sign the call. */
  private async fields(
    { operationType, method }: RpcRequest, version: string, address: URL, nonce: string, body?: Bytes,
  ): Promise<{ [name: string]: string }> {
    const { options, around } = this
    const time = Math.round(around.now() + this.ahead)
    const fields: { [name: string]: string } = {
      [wire.APP]: options.app, [wire.DEVICE]: options.device ?? await around.device(), [wire.TIME]: String(time), [wire.NONCE]: nonce,
    }
    if (version) fields[wire.VERSION] = version
    if (options.secret === undefined) return fields
    const algorithm = options.algorithm ?? 'hmac-sha256'
    const digest = wire.hex(await this.hash(HASHES[algorithm], body ?? new Uint8Array()))
    // what is signed is what the browser sends: it writes some characters in its own way
    const target = wire.sentTarget(address)
    const text = wire.textToSign({ app: options.app, operationType, method, target, time, nonce, digest })
    fields[wire.SIGNATURE] = `${algorithm} ${options.kid ?? ''} ${wire.base64(await this.sign(algorithm, text))}`
    return fields
  }

  private async send(request: RpcRequest, version: string, streamed: boolean, signal: AbortSignal): Promise<Incoming> {
    const { around } = this
    const address = this.address(request)
    const headers = new Headers(request.headers)
    const nonce = newNonce()
    const sealed = await this.seal(request, nonce)
    if (sealed) headers.set(wire.ENCRYPTION, sealed.header)
    const body = sealed?.body ?? request.body
    // what is encrypted is a body, and GET has none; the service gets the catalogue's method, whatever the call's was
    const method = sealed && (request.method === 'GET' || request.method === 'HEAD') ? 'POST' : request.method
    const fields = await this.fields({ ...request, method }, version, address, nonce, body)
    for (const [name, value] of Object.entries(fields)) headers.set(name, value)
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
    if (streamed && !signature && !mustVerify && !isSealed && !sealed && response.body) {
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

  /** Is it known to be another than was thought before? */
  private clockMoved(before: number): boolean {
    return Math.abs(this.ahead - before) > CLOCK_ERROR
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

const newNonce = (): string => wire.base64url(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)))

/** Sentences are in headers as percent-encoded UTF-8. */
function decoded(text: string | null): string {
  try {
    return decodeURIComponent(text ?? '')
  } catch {
    return text ?? ''
  }
}
