/** wx.cloud: exists, so that programs which touch it at load run; every call fails and says why. */
import type { Runtime } from '../runtime/context'
import type { Area, AreaFactory } from './kit'
import { fail, publish } from './kit'
import { quietly } from './quietly'

/** errCode of "resource system error", the closest that WeChat documents. */
const ERR_CODE = -501000
const REASON = '-501000 cloud development is not available in this container'

const CALLS = [
  'callFunction',
  'uploadFile',
  'downloadFile',
  'getTempFileURL',
  'deleteFile',
  'callContainer',
  'connectContainer',
  'getCDN',
  'makeFakeHTTPRequest',
]

/** What ends a chain on a database, and what goes on with it. */
const ENDS = ['get', 'add', 'update', 'set', 'remove', 'count', 'end', 'runTransaction', 'createCollection']
const LINKS = [
  'collection',
  'doc',
  'where',
  'orderBy',
  'limit',
  'skip',
  'field',
  'aggregate',
  'match',
  'group',
  'sort',
  'lookup',
  'project',
  'unwind',
  'addFields',
  'replaceRoot',
  'sample',
  'bucket',
  'bucketAuto',
  'geoNear',
  'sortByCount',
]

/** Anything read from it or called on it is again such a thing: query operators (`_.gt(3).and(...)`) are only built. */
const inert = (name: string): any =>
  new Proxy(function () {}, {
    get: (_target, key) =>
      key === Symbol.toPrimitive ? () => name : key === 'then' ? undefined : inert(`${name}.${String(key)}`),
    apply: () => inert(name),
  })

class CloudId {
  constructor(readonly cloudID: string) {}
}

const noop = () => undefined
/** What uploadFile and downloadFile return when they are called with callbacks. */
const TASK = { abort: noop, onProgressUpdate: noop, offProgressUpdate: noop, onHeadersReceived: noop, offHeadersReceived: noop }

function failing(rt: Runtime, name: string): (options?: any) => unknown {
  return quietly(publish(rt, name, (_, call) => {
    if (/(up|down)loadFile$/.test(name)) call.task = { ...TASK }
    rt.reportUnsupported('api', name.startsWith('cloud.') ? name : 'cloud.database')
    throw fail(REASON, undefined, { errCode: ERR_CODE })
  }))
}

function database(rt: Runtime) {
  const end = (name: string) => failing(rt, name)
  const link = (kind: string): any => {
    const chain: { [name: string]: unknown } = {}
    for (const name of LINKS) chain[name] = () => link(name === 'doc' ? 'document' : 'collection')
    for (const name of ENDS) chain[name] = end(`${kind}.${name}`)
    chain.watch = (options: any) => {
      const error = Object.assign(new Error(`${kind}.watch:fail ${REASON}`), {
        errCode: ERR_CODE,
        errMsg: `${kind}.watch:fail ${REASON}`,
      })
      queueMicrotask(() => rt.guard('cloud.database watch', () => options?.onError?.(error)))
      return { close: () => undefined }
    }
    return chain
  }
  return {
    ...link('database'),
    command: inert('command'),
    Geo: inert('Geo'),
    serverDate: () => new Date(),
    RegExp: ({ regexp, options }: { regexp: string; options?: string }) => new RegExp(regexp, options),
  }
}

export const cloud: AreaFactory = (rt): Area => {
  const methods: { [name: string]: unknown } = {
    init: () => undefined,
    database: () => database(rt),
    CloudID: CloudId,
    Cloud: class {
      init() {}
    },
    identifiers: {},
  }
  for (const name of CALLS) methods[name] = failing(rt, `cloud.${name}`)
  Object.assign((methods.Cloud as { prototype: object }).prototype, methods)
  return {
    sync: { cloud: methods },
    partial: { cloud: 'there is no cloud development service; init works, every call fails' },
  }
}
