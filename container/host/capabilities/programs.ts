/** Other mini programs, other applications, sharing. */
import { object, text, texts } from './arguments'
import { say } from './strings'
import { cancelled, fail } from './types'
import type { Capability } from './types'

export const navigateToMiniProgram: Capability = async ({ args, phone }) => {
  await phone.openProgram({
    appId: text(args, 'appId'),
    path: text(args, 'path', ''),
    extraData: object(args, 'extraData'),
    embedded: args.embedded === true,
  })
  return {}
}

export const navigateBackMiniProgram: Capability = async ({ args, phone }) => {
  await phone.backToProgram(object(args, 'extraData'))
  return {}
}

export const exitMiniProgram: Capability = async ({ phone }) => {
  await phone.exit()
  return {}
}

export const restartMiniProgram: Capability = async ({ args, phone }) => {
  await phone.restart(text(args, 'path'))
  return {}
}

export const shareMenu: Capability = ({ args, phone }) => {
  phone.shareMenu?.(args.visible === true ? texts(args, 'menus') : [])
  return {}
}

/** The page that the program offers; the phone shares it, else the device, else it is copied. */
export const shareAppMessage: Capability = async (call) => {
  const { args, phone, program, prompt } = call
  const card = {
    title: text(args, 'title', program.name),
    path: text(args, 'path', ''),
    imageUrl: text(args, 'imageUrl', ''),
  }
  if (phone.share) {
    await phone.share(card)
    return {}
  }
  if (
    !(await prompt.ask({
      kind: 'confirm',
      title: say(call, 'share'),
      content: `${card.title}\n${card.path}`,
      confirmText: say(call, 'copy'),
    }))
  ) {
    throw cancelled()
  }
  await navigator.clipboard?.writeText(`${card.title} ${card.path}`).catch(() => undefined)
  return {}
}

/** An address outside the program, after the person has seen it. */
export const openLink: Capability = async (call) => {
  const url = text(call.args, 'url')
  if (!/^https?:\/\//i.test(url)) throw fail('invalid url')
  if (!(await call.prompt.ask({ kind: 'confirm', title: say(call, 'openLink'), content: url }))) throw cancelled()
  if (call.prompt.interactive) window.open(url, '_blank', 'noopener,noreferrer')
  return {}
}

/** `<button open-type="contact">`: a conversation needs a service; the answer is the documented one. */
export const contact: Capability = ({ args }) => ({ path: text(args, 'sendMessagePath', ''), query: {} })

export const feedback: Capability = async (call) => {
  const said = await call.prompt.ask({
    kind: 'text',
    title: say(call, 'feedback'),
    placeholder: say(call, 'feedbackText'),
    multiline: true,
  })
  if (said === null) throw cancelled()
  await call.store.write(new Map([[`feedback/${Date.now()}`, said]]))
  return {}
}

/** A mini program in a browser was not opened by an application that it could go back to. */
export const launchApp: Capability = () => { throw fail('invalid scene') }
