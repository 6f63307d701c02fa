import { expect, test } from 'vitest'
import { fakeRuntime } from '../testing/fake-runtime'
import type { PageHandle } from '../../runtime/context'
import { share } from './share'
import { sharedCard } from './share-page'

const page = (onShareAppMessage?: (request: object) => unknown) =>
  ({ route: 'pages/a/a', query: { x: '1 2' }, instance: { onShareAppMessage } }) as unknown as PageHandle

test('a page is shared with its query unless it says otherwise', async () => {
  const { rt } = fakeRuntime([])
  const own = { title: '', path: '/pages/a/a?x=1%202', imageUrl: '' }
  expect(await sharedCard(rt, page(), {})).toEqual(own)
  expect(await sharedCard(rt, page(() => undefined), {})).toEqual(own)
  expect(await sharedCard(rt, page(() => ({ title: 't' })), {})).toEqual({ ...own, title: 't' })
})

test('the page hears who asks, and may answer later', async () => {
  const { rt } = fakeRuntime([])
  const target = { dataset: { n: 1 } }
  const heard: object[] = []
  const answering = page((request) => {
    heard.push(request)
    return { title: 'now', promise: Promise.resolve({ title: 'later' }) }
  })
  expect((await sharedCard(rt, answering, { from: 'button', target })).title).toBe('later')
  expect(heard).toEqual([{ from: 'button', target }])
  expect((await sharedCard(rt, page(() => ({ title: 'now', promise: Promise.reject(new Error('no')) })), {})).title).toBe('now')
})

test('the menu offers sharing on pages that can be shared', () => {
  const { calls, receive } = fakeRuntime([share], { shareMenu: () => ({}) })
  for (const shown of [page(), page(() => ({})), page(() => ({})), page()]) receive('pageShow', shown)
  expect(calls.map(({ args }) => args.visible)).toEqual([true, false])
})
