import { describe, expect, it, vi } from 'vitest'
import type { WireObject } from '../../bridge/messages'
import { CAPABILITIES } from '../capabilities'
import { CapabilityError } from '../capabilities/types'
import { Network, transferTime, UNTHROTTLED } from '../network'
import { automaticAnswer, type Prompter, type Question } from '../prompt'
import { Gateway } from '../rpc/gateway'
import { MemoryValues } from '../store/values'
import { answerCall, type CallSurroundings } from './calls'
import { Look } from './look'
import { Permissions } from './permissions'
import { QuotaStore, sizeOf } from './quota'

class Person implements Prompter {
  readonly interactive = true
  asked: Question[] = []
  constructor(private readonly grant: boolean) {}
  ask<Q extends Question>(question: Q): Promise<any> {
    this.asked.push(question)
    return Promise.resolve(automaticAnswer(question, this.grant))
  }
  panel(): never { throw new Error('not expected') }
}

describe('Permissions', () => {
  it('asks once, remembers, and forgets when withdrawn', async () => {
    const store = new MemoryValues()
    const permissions = await Permissions.load(store)
    const person = new Person(true)
    await Promise.all([1, 2].map(() => permissions.authorize('scope.record', 'Microphone', 'to talk', person)))
    expect(person.asked).toEqual([
      { kind: 'permission', scope: 'scope.record', title: 'Microphone', reason: 'to talk' },
    ])
    expect((await Permissions.load(store)).all()).toEqual({ 'scope.record': true })
    await permissions.set('scope.record', false)
    await expect(permissions.authorize('scope.record', '', '', person)).rejects.toEqual(
      new CapabilityError('auth deny', 103),
    )
    expect(person.asked).toHaveLength(1)
  })

  it('remembers a refusal, and tells of changes', async () => {
    const permissions = await Permissions.load(new MemoryValues())
    const changes: unknown[] = []
    permissions.onChange = (setting) => changes.push(setting)
    await expect(permissions.authorize('scope.camera', '', '', new Person(false))).rejects.toMatchObject({
      reason: 'auth deny',
      errno: 103,
    })
    expect(changes).toEqual([{ 'scope.camera': false }])
  })
})

describe('QuotaStore', () => {
  it('refuses what would not fit, whole, and counts what goes', async () => {
    const inner = new MemoryValues()
    await inner.write(new Map([['old', 'x'.repeat(20)]]))
    const store = new QuotaStore(inner, 200)
    await store.write(new Map([['a', 'x'.repeat(50)]]))
    await expect(store.write(new Map([['b', 'x'], ['c', 'x'.repeat(50)]]))).rejects.toThrow('exceed storage max size')
    expect(await store.entries('')).toHaveLength(2)
    await store.write(new Map<string, unknown>([['a', undefined], ['c', 'x'.repeat(50)]]))
    expect((await store.entries('')).map(([key]) => key)).toEqual(['c', 'old'])
    await store.write(new Map([['c', 'x'.repeat(60)]]))
  })

  it('knows the size of values', () => {
    expect(sizeOf('ab')).toBe(4)
    expect(sizeOf(new ArrayBuffer(9))).toBe(9)
    expect(sizeOf({ a: ['xy'] })).toBeGreaterThan(4)
  })
})

describe('answerCall', () => {
  const around = (
    changes: Partial<CallSurroundings> = {},
    allowed = true,
  ): CallSurroundings & { faults: unknown[]; asked: string[] } => {
    const faults: unknown[] = []
    const asked: string[] = []
    return {
      own: {
        loadPackage: async () => ({ value: { files: {} } }),
        loadChunk: async () => ({ value: { text: '' } }),
        openWebView: async () => ({ value: {} }),
        applyUpdate: async () => ({ value: {} }),
        report: async () => {
          throw new TypeError('secret of the host')
        },
      },
      domains: { request: ['https://a.b'] },
      operations: ['eden.bank.*'],
      policy: 'listed',
      network: Object.assign(new Network(), { status: () => ({ isConnected: true, networkType: 'wifi' }) }),
      surroundings: {
        signal: new AbortController().signal, session: {},
        authorize: async (scope: string) => {
          asked.push(scope)
          if (!allowed) throw new CapabilityError('auth deny', 103)
        },
      } as unknown as CallSurroundings['surroundings'],
      internal: (_: string, error: unknown) => faults.push(error),
      faults, asked, ...changes,
    }
  }
  const answer = async (name: string, args: WireObject, surroundings = around()) =>
    (await answerCall({ kind: 'call', id: 5, name, args }, surroundings)).reply

  it('answers its own calls and refuses unknown names', async () => {
    expect(await answer('loadChunk', {})).toEqual({ kind: 'reply', id: 5, value: { text: '' } })
    for (const name of ['nothing', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(await answer(name, {})).toEqual({ kind: 'reply', id: 5, error: { reason: 'not supported' } })
    }
  })

  it('checks addresses before anything else', async () => {
    for (const url of ['https://evil.test/', undefined, 5, ['https://a.b/']]) {
      expect(await answer('request', { url } as WireObject)).toMatchObject({
        error: { reason: 'url not in domain list', errno: 600002 },
      })
    }
    const album = around()
    expect(await answer('saveImageToPhotosAlbum', { url: 'https://evil.test/x.png' }, album)).toMatchObject({
      error: { reason: 'url not in domain list' },
    })
    expect(album.asked).toEqual([])
  })

  it('checks operations of the gateway before anything else', async () => {
    vi.stubGlobal('document', { baseURI: 'https://shop.example/' })
    const { surroundings } = around()
    const gateway = new Gateway({ url: 'https://g.example/', app: 'shop' }, {} as never)
    const here = around({ operations: ['a.b'], policy: 'listed', surroundings: { ...surroundings, gateway } })
    for (const [name, args] of [
      ['rpc', { operationType: 'a.c' }], ['request', { operationType: 'a.c' }], ['socketConnect', { operationType: 'a.c' }],
      ['request', { url: 'https://g.example/rpc/a.c' }], ['socketConnect', { url: 'wss://g.example/rpc/a.c' }],
      ['request', { url: 'https://g.example/rpc/a.c', operationType: 'a.b' }],
    ] as const) {
      expect(await answer(name, args, here)).toMatchObject({ error: { reason: 'operation not in list', errno: 600002 } })
    }
    // those that are listed need no domain, and a domain alone is not enough for what is no operation
    for (const [name, args] of [
      ['rpc', { operationType: 'a.b', taskId: 'x' }], ['request', { url: 'https://g.example/rpc/a.b', taskId: 'x' }],
      ['socketConnect', { url: 'wss://g.example/rpc/a.b', socketId: 'x' }],
    ] as const) {
      expect((await answer(name, args, here)).error!.reason).toMatch(/parameter.(task|socket)Id should be Number/)
    }
    expect(await answer('request', { url: 'https://g.example/healthz' }, here)).toMatchObject({ error: { reason: 'url not in domain list' } })
    for (const name of ['rpc', 'request', 'socketConnect']) {
      const nowhere = await answer(name, { operationType: 'a.b', taskId: 1, socketId: 1 })
      expect(nowhere).toMatchObject({ error: { reason: 'the phone has no gateway' } })
    }
    vi.unstubAllGlobals()
  })

  it('asks for the scope before the capability runs', async () => {
    const refused = around({}, false)
    expect(await answer('getLocation', {}, refused)).toMatchObject({ error: { reason: 'auth deny', errno: 103 } })
    expect(refused.asked).toEqual(['scope.userLocation'])
  })

  it('fails offline without asking the network', async () => {
    const offline = around()
    offline.network.conditions = { ...UNTHROTTLED, offline: true }
    expect(await answer('request', { url: 'https://a.b/' }, offline)).toMatchObject({
      error: { reason: 'net::ERR_INTERNET_DISCONNECTED' },
    })
  })

  it('tells the program nothing of a fault of its own', async () => {
    const surroundings = around()
    expect(await answer('report', {}, surroundings)).toMatchObject({ error: { reason: 'internal error' } })
    expect(surroundings.faults).toHaveLength(1)
  })

  it('has names that the message check lets through', () => {
    for (const name of Object.keys(CAPABILITIES)) expect(name).toMatch(/^[a-z][A-Za-z0-9.]*$/)
  })
})

describe('network conditions', () => {
  it('turns bytes into time', () => {
    expect(transferTime(1000, UNTHROTTLED)).toBe(0)
    expect(transferTime(1000, { ...UNTHROTTLED, kbps: 400 })).toBe(20)
  })
})

describe('Look', () => {
  const files = (config: unknown) => ({ 'code/config.json': new TextEncoder().encode(JSON.stringify(config)).buffer })

  it('is the page\'s, else the window\'s, and follows the theme only in programs that do', () => {
    const look = new Look()
    expect(look.textStyle('pages/a', 'light')).toBe('white')
    look.learn(
      files({
        window: { navigationBarTextStyle: '@bar' },
        darkmode: true,
        theme: { light: { bar: 'black' }, dark: { bar: 'white' } },
        components: { 'pages/b': { navigationBarTextStyle: 'white' } },
      }),
    )
    expect(['light', 'dark'].map((theme) => look.textStyle('pages/a', theme as 'light'))).toEqual(['black', 'white'])
    expect(look.textStyle('pages/b', 'light')).toBe('white')
    look.learn(files({ components: { 'sub/c': { navigationBarTextStyle: 'black' } } }))
    expect(look.textStyle('sub/c', 'dark')).toBe('black')
    look.learn({ 'code/config.json': new TextEncoder().encode('{').buffer as ArrayBuffer })
    expect(look.textStyle('pages/b', 'light')).toBe('white')
  })
})
