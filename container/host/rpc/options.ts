/** How an embedding page tells a phone of its gateway (docs/gateway-wire.md), and takes part in its calls. */

export interface GatewayOptions {
  /** `https://HOST/`; operations are below `rpc/` */
  url: string
  /** AppId: who calls, to the gateway */
  app: string
  /** what requests are signed with, base64; without it they are not */
  secret?: string
  /** which of the app's secrets that is */
  kid?: string
  /** default: hmac-sha256 */
  algorithm?: SigningAlgorithm
  /** what bodies are encrypted to; of several, the first that this browser can do */
  seal?: SealKey | readonly SealKey[]
  /** operations whose bodies are encrypted, `*` at the end for all that begin so; default: all, if there is a key */
  sealed?: readonly string[]
  /** operations whose answers must carry the gateway's signature; a signature that is there is always checked */
  verified?: readonly string[]
  /** what programs may call that list no operations themselves, beside those they list; default: nothing */
  operations?: readonly string[]
  /** id of this device; default: one that the phone makes and keeps */
  device?: string
  /** in order; answers come back through them in reverse */
  interceptors?: readonly RpcInterceptor[]
}

export type SigningAlgorithm = 'hmac-sha256' | 'hmac-sm3'
export type SealAlgorithm = 'hpke-x25519' | 'hpke-p256' | 'sm2-sm4'

export interface SealKey {
  algorithm: SealAlgorithm
  kid: string
  /** base64: 32 bytes (X25519) or an uncompressed point of 65 bytes */
  public: string
}

/** A call as interceptors see it: what they change is what is sent. */
export interface RpcRequest {
  readonly operationType: string
  /** the program that calls */
  readonly program: string
  method: string
  /** what stands behind the operation in the address: "", or "?" and a query */
  target: string
  headers: Headers
  body: Uint8Array<ArrayBuffer> | undefined
}

export interface RpcAnswer {
  statusCode: number
  headers: Headers
  /** 1000 is good (docs/gateway-wire.md); 0: the answer came from no gateway */
  resultStatus: number
  tips: string
  memo: string
  /** by which the gateway's console finds the call */
  trace: string
  /** undefined: it is passed on as it comes */
  body: Uint8Array<ArrayBuffer> | undefined
}

export interface RpcInterceptor {
  /** before the body is encrypted and signed; false: the call fails with code 9. With a WebSocket only `target` is sent. */
  before?(request: RpcRequest): boolean | void | Promise<boolean | void>
  /** the answer has come; false: the call fails with code 9 */
  after?(request: RpcRequest, answer: RpcAnswer): boolean | void | Promise<boolean | void>
  /** the call has no answer; `reason` is what the program hears */
  failed?(request: RpcRequest, reason: string): void
}

/** The folder of the operations of a gateway at `url`. */
export const operationsAt = (url: string): URL => new URL('rpc/', new URL(url.endsWith('/') ? url : `${url}/`, document.baseURI))

/** Does `operationType` equal one of these, or begin with one that ends with `*`? */
export const listed = (operationType: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) =>
    pattern.endsWith('*') ? operationType.startsWith(pattern.slice(0, -1)) : operationType === pattern)
