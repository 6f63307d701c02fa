/** wx storage: synchronous on the runtime's snapshot; the runtime writes changes behind, by `storageWrite`. */
import type { AreaFactory } from './kit'
import { fail, requireParameter } from './kit'
import { wxArea } from './typed'

/** WeChat's synchronous functions throw an Error whose message is the whole errMsg. */
const attempt = <T>(name: string, run: () => T): T => {
  try {
    return run()
  } catch (error: any) {
    throw Object.assign(new Error(`${name}:fail ${error?.reason ?? error?.message ?? error}`), { errno: error?.errno })
  }
}

export const storage: AreaFactory = (rt) => {
  const store = rt.storage

  const checkKey = (key: unknown): string => {
    requireParameter({ key }, 'key', 'String')
    return String(key)
  }
  /** A missing key reads as an empty string in synchronous form. */
  const read = (key: string): any => (store.has(key) ? store.get(key) : '')
  const write = (key: unknown, value: unknown): void => {
    const name = checkKey(key)
    if (name === '' && key === '') throw fail('parameter error: parameter.key should not be empty;')
    store.set(name, value)
  }
  const info = () => ({ keys: store.keys(), currentSize: Math.ceil(store.sizeKB()), limitSize: store.limitKB })

  return wxArea({
    async: {
      getStorage: (options) => {
        requireParameter(options, 'key', 'String')
        if (!store.has(options.key)) throw fail('data not found')
        return { data: store.get(options.key) as any }
      },
      setStorage: ({ key, data }) => write(key, data),
      removeStorage: ({ key }) => store.remove(checkKey(key)),
      clearStorage: () => store.clear(),
      getStorageInfo: info,
      batchGetStorage: (options: any) => {
        requireParameter(options, 'keyList', 'Array')
        return { dataList: options.keyList.map((key: string) => read(checkKey(key))) }
      },
      batchSetStorage: (options: any) => {
        requireParameter(options, 'kvList', 'Array')
        for (const { key, value } of options.kvList) write(key, value)
      },
    },
    sync: {
      getStorageSync: (key: string) => attempt('getStorageSync', () => read(checkKey(key))),
      setStorageSync: (key: string, data: unknown) => attempt('setStorageSync', () => write(key, data)),
      removeStorageSync: (key: string) => attempt('removeStorageSync', () => store.remove(checkKey(key))),
      clearStorageSync: () => store.clear(),
      getStorageInfoSync: info,
      batchGetStorageSync: (keys: string[]) =>
        attempt('batchGetStorageSync', () => keys.map((key) => read(checkKey(key)))),
      batchSetStorageSync: (list: { key: string; value: unknown }[]) =>
        attempt('batchSetStorageSync', () => list.forEach(({ key, value }) => write(key, value))),
    },
    partial: { 'setStorage.object.encrypt': 'storage is not encrypted on the device' },
  })
}
