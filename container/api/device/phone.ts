/** Small functions of the phone: code scanner, clipboard, calls, vibration, screen, battery, contacts, calendar. */
import type { AreaFactory } from '../kit'
import { fail, requireParameter } from '../kit'
import { Listeners } from '../listeners'
import { wxArea } from '../typed'

const VIBRATIONS: unknown[] = ['heavy', 'medium', 'light', undefined]

export const phone: AreaFactory = (rt) => {
  const captures = new Listeners<any>(rt, 'onUserCaptureScreen')
  const memory = new Listeners<any>(rt, 'onMemoryWarning')
  const recordings = new Listeners<any>(rt, 'onScreenRecordingStateChanged')
  const batteryChanges = new Listeners<any>(rt, 'onBatteryInfoChange')
  rt.on('userCaptureScreen', () => captures.emit({}))
  rt.on('memoryWarning', ({ level }) => memory.emit({ level }))

  let battery: { level: number; isCharging: boolean } = { level: 100, isCharging: true }
  let brightness = 0.5
  rt.on('device', ({ event, ...detail }) => {
    if (event !== 'battery') return
    battery = { ...battery, ...detail }
    batteryChanges.emit(battery)
  })
  /** Only the host sees the battery, so the synchronous function tells what was last heard. */
  const askBattery = () => rt.call('getBatteryInfo').then(({ level, isCharging }) => {
    battery = { level: level as number, isCharging: isCharging as boolean }
    return { ...battery, isLowPowerModeEnabled: false }
  })

  return wxArea({
    async: {
      async scanCode({ onlyFromCamera = false, scanType = ['barCode', 'qrCode'] }) {
        return rt.call('scanCode', { onlyFromCamera, scanType }) as Promise<any>
      },

      async setClipboardData(options) {
        requireParameter(options, 'data', 'String')
        await rt.call('setClipboardData', { data: options.data })
        rt.shell.toast({ title: rt.t('copied'), icon: 'none', duration: 1500 })
      },
      getClipboardData: () => rt.call('getClipboardData') as Promise<any>,

      async makePhoneCall(options) {
        requireParameter(options, 'phoneNumber', 'String')
        await rt.call('makePhoneCall', { phoneNumber: options.phoneNumber })
      },
      sendSms: async ({ phoneNumber = '', content = '' }) => void (await rt.call('sendSms', { phoneNumber, content })),

      async vibrateShort({ type }: any) {
        if (!VIBRATIONS.includes(type)) throw fail('style is not support')
        await rt.call('vibrate', { duration: 15 })
      },
      vibrateLong: async () => void (await rt.call('vibrate', { duration: 400 })),

      setKeepScreenOn: async ({ keepScreenOn }) =>
        void (await rt.call('setKeepScreenOn', { keepScreenOn: Boolean(keepScreenOn) })),
      getScreenBrightness: () => ({ value: brightness }),
      setScreenBrightness(options) {
        requireParameter(options, 'value', 'Number')
        if (options.value < 0 || options.value > 1) throw fail('value should be between 0 and 1')
        brightness = options.value
      },
      setVisualEffectOnCapture: () => undefined,
      getScreenRecordingState: () => ({ state: 'off' }),
      getBatteryInfo: askBattery,

      async addPhoneContact(options) {
        requireParameter(options, 'firstName', 'String')
        await rt.call('addPhoneContact', { contact: texts(options) })
      },
      async addPhoneCalendar(options) {
        requireParameter(options, 'title', 'String')
        requireParameter(options, 'startTime', 'Number')
        await rt.call('addPhoneCalendar', { entry: texts(options) })
      },
      async addPhoneRepeatCalendar(options) {
        requireParameter(options, 'title', 'String')
        requireParameter(options, 'startTime', 'Number')
        await rt.call('addPhoneCalendar', { entry: texts({ repeatInterval: 'month', ...options }) })
      },

      checkIsSupportSoterAuthentication: () => ({ supportMode: [] }),
      checkIsSoterEnrolledInDevice: () => ({ isEnrolled: false }),
      startSoterAuthentication: () => {
        throw fail('not support', undefined, { errCode: 90001 })
      },
      checkIsOpenAccessibility: () => ({ open: false }),
    },
    sync: {
      getBatteryInfoSync: () => {
        void askBattery().catch(() => undefined)
        return { ...battery, isLowPowerModeEnabled: false }
      },
      onBatteryInfoChange: batteryChanges.on,
      offBatteryInfoChange: batteryChanges.off,
      onUserCaptureScreen: captures.on,
      offUserCaptureScreen: captures.off,
      onScreenRecordingStateChanged: recordings.on,
      offScreenRecordingStateChanged: recordings.off,
      onMemoryWarning: memory.on,
      offMemoryWarning: memory.off,
    },
    partial: {
      getBatteryInfoSync: 'tells what the host last reported',
      setScreenBrightness: 'a web page cannot change the screen; the value is kept',
      setVisualEffectOnCapture: 'a web page cannot hide itself from screenshots',
      onScreenRecordingStateChanged: 'a web page does not hear of recordings; never fires',
      onUserCaptureScreen: 'fires where the host can tell',
      addPhoneContact: 'hands over a vCard file',
      addPhoneCalendar: 'hands over a calendar file',
      addPhoneRepeatCalendar: 'hands over a calendar file',
      startSoterAuthentication: 'browsers have no SOTER; fails',
    },
  })
}

/** Options that are text, numbers or yes and no, as text. */
const texts = (options: object): { [name: string]: string } =>
  Object.fromEntries(Object.entries(options)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(([name, value]) => [name, String(value)]))
