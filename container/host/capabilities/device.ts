/** Clipboard, calls, messages, vibration, screen, battery. */
import { h } from '../chrome/dom'
import { number, text } from './arguments'
import { say } from './strings'
import { cancelled, fail } from './types'
import type { Capability, HostCall } from './types'

/** What programs copied, for browsers that do not let a page read the clipboard. */
let copied = ''

export const setClipboardData: Capability = async ({ args }) => {
  copied = text(args, 'data')
  await navigator.clipboard?.writeText(copied).catch(() => undefined)
  return {}
}

export const getClipboardData: Capability = async ({ prompt }) => {
  if (!prompt.interactive) return { data: copied }
  // Firefox before 125 has no readText
  return { data: (await navigator.clipboard?.readText?.().catch(() => undefined)) ?? copied }
}

/** Follow a tel: or sms: address as if the person had clicked on it. */
const follow = (href: string): void => h('a', { href }).click()

const NUMBER = /^[\d+*#,;\-() ]{1,40}$/

export const makePhoneCall: Capability = async (call) => {
  const phoneNumber = text(call.args, 'phoneNumber')
  if (!NUMBER.test(phoneNumber)) throw fail('invalid phoneNumber')
  if (!(await call.prompt.ask({ kind: 'confirm', title: phoneNumber, confirmText: say(call, 'call') })))
    throw cancelled()
  if (call.prompt.interactive) follow(`tel:${phoneNumber.replace(/[^\d+*#,;]/g, '')}`)
  return {}
}

export const sendSms: Capability = async (call) => {
  const phoneNumber = text(call.args, 'phoneNumber', '').replace(/[^\d+]/g, '')
  const content = text(call.args, 'content', '')
  if (!(await call.prompt.ask({ kind: 'confirm', title: say(call, 'sms'), content: `${phoneNumber}\n${content}` })))
    throw cancelled()
  if (call.prompt.interactive) follow(`sms:${phoneNumber}?body=${encodeURIComponent(content)}`)
  return {}
}

/** Milliseconds; a device without a motor stays still, which is no failure. */
export const vibrate: Capability = ({ args }) => {
  navigator.vibrate?.(Math.min(number(args, 'duration', 15), 1000))
  return {}
}

const locks = new WeakMap<object, WakeLockSentinel>()

export const setKeepScreenOn: Capability = async (call) => {
  const held = locks.get(call.session)
  locks.delete(call.session)
  await held?.release().catch(() => undefined)
  if (call.args.keepScreenOn !== true) return {}
  const lock = await navigator.wakeLock?.request('screen').catch(() => undefined)
  if (lock) {
    locks.set(call.session, lock)
    call.signal.addEventListener('abort', () => void lock.release().catch(() => undefined))
  }
  return {}
}

interface Battery extends EventTarget {
  level: number
  charging: boolean
}

const watched = new WeakSet<object>()

const percent = ({ level, charging }: Battery) => ({
  level: Math.max(1, Math.round(level * 100)),
  isCharging: charging,
})

/** Browsers without a battery interface are taken for devices on mains. */
export const getBatteryInfo: Capability = async (call) => {
  const battery = await (navigator as { getBattery?(): Promise<Battery> }).getBattery?.().catch(() => undefined)
  if (!battery) return { level: 100, isCharging: true }
  watch(call, battery)
  return percent(battery)
}

function watch(call: HostCall, battery: Battery): void {
  if (watched.has(call.session)) return
  watched.add(call.session)
  const tell = () => call.emit('device', { event: 'battery', ...percent(battery) })
  for (const event of ['levelchange', 'chargingchange']) battery.addEventListener(event, tell, { signal: call.signal })
}

/** A page does not learn the device's address in the network. */
export const getLocalIPAddress: Capability = () => { throw fail('not available') }
