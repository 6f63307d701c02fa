/** Permissions and subscriptions of a program. */
import { text, texts } from './arguments'
import { say } from './strings'
import type { Capability } from './types'

export const authorize: Capability = async (call) => {
  await call.authorize(text(call.args, 'scope'))
  return {}
}

export const getSetting: Capability = async ({ phone }) => ({ authSetting: await phone.authSetting() })

/** With the answer of the same name for `<button open-type="openSetting">`. */
export const openSetting: Capability = async ({ phone }) => ({ authSetting: await phone.openSettings() })

const SUBSCRIPTION = 'subscription/'

/** Each template: accept or reject, as the person ticked; wx.requestSubscribeMessage. */
export const requestSubscribeMessage: Capability = async (call) => {
  const templates = texts(call.args, 'tmplIds').slice(0, 5)
  const chosen = await call.prompt.ask({
    kind: 'list', title: say(call, 'subscribe'), multiple: true, confirmText: say(call, 'subscribeOk'),
    items: templates.map((id) => ({ text: id, checked: true })),
  })
  const answer = Object.fromEntries(templates.map((id, index) => [id, chosen?.includes(index) ? 'accept' : 'reject']))
  await call.store.write(new Map(Object.entries(answer).map(([id, state]) => [SUBSCRIPTION + id, state])))
  const accepted = templates.filter((id) => answer[id] === 'accept')
  if (accepted.length > 0) await call.services.subscribe?.(call.program, accepted)
  return answer
}

export const subscriptions: Capability = async ({ store }) => ({
  templates: Object.fromEntries(
    (await store.entries<string>(SUBSCRIPTION)).map(([key, state]) => [key.slice(SUBSCRIPTION.length), state]),
  ),
})

export const openPrivacyContract: Capability = async (call) => {
  await call.prompt.ask({ kind: 'confirm', title: say(call, 'privacy'), content: say(call, 'privacyText') })
  return {}
}

/** `<button open-type="agreePrivacyAuthorization">`: the tap is the agreement; each use is still asked for. */
export const agreePrivacyAuthorization: Capability = () => ({})
