/** The one IndexedDB database of all phones of this origin. */
const NAME = 'eden'
const VERSION = 1

let opened: Promise<IDBDatabase> | undefined

export function database(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const open = indexedDB.open(NAME, VERSION)
    open.onupgradeneeded = () => {
      open.result.createObjectStore('packages')
      open.result.createObjectStore('values')
    }
    open.onsuccess = () => {
      // Another tab with a newer version must not wait for this one.
      open.result.onversionchange = () => { open.result.close(); opened = undefined }
      resolve(open.result)
    }
    open.onerror = () => reject(open.error ?? new Error('IndexedDB is not available'))
    open.onblocked = () => reject(new Error('IndexedDB is blocked'))
  })
  opened.catch(() => { opened = undefined })
  return opened
}

export function request<T>(pending: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    pending.onsuccess = () => resolve(pending.result)
    pending.onerror = () => reject(pending.error ?? new Error('IndexedDB request failed'))
  })
}

/** A change is there when its transaction is: a request may have succeeded and find no room at the end. */
export function committed({ transaction }: IDBRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction!.oncomplete = () => resolve()
    transaction!.onabort = () => reject(transaction!.error ?? new Error('not stored'))
  })
}
