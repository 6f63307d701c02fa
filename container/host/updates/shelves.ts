/**
 * The shelves of one workspace's programs: read from the store each time, as another page of this phone may have
 * changed them, and changed one after the other. What the browser refuses to keep is remembered for this page's life.
 */
import type { ValueStore } from '../capabilities/types'
import { EMPTY, forgetPrevious, used, type Shelf } from './shelf'

const PREFIX = 'shelf '

/** A program on this phone, or a tester's copy of it. */
export interface Place {
  key: string
  trial: string | undefined
}

export const placeId = ({ key, trial }: Place): string => (trial === undefined ? key : `${key}?${trial}`)

export const parsePlace = (id: string): Place => {
  const mark = id.indexOf('?')
  return mark < 0 ? { key: id, trial: undefined } : { key: id.slice(0, mark), trial: id.slice(mark + 1) }
}

export class Shelves {
  private readonly unsaved = new Map<string, Shelf>()
  private changing: Promise<unknown> = Promise.resolve()

  constructor(private readonly values: Promise<ValueStore>) {}

  async all(): Promise<[string, Shelf][]> {
    await this.changing
    const kept = await this.values.then((store) => store.entries<Shelf>(PREFIX)).catch(() => [])
    return [...new Map([...kept.map(([key, shelf]): [string, Shelf] => [key.slice(PREFIX.length), shelf]), ...this.unsaved])]
  }

  async get(id: string): Promise<Shelf> {
    await this.changing
    return this.read(id)
  }

  /** Change a shelf; the value is the new one. */
  change(id: string, to: (shelf: Shelf) => Shelf): Promise<Shelf> {
    const done = this.changing.then(async () => {
      const before = await this.read(id)
      const shelf = to(before)
      if (shelf === before) return shelf
      try {
        await (await this.values).write(new Map([[PREFIX + id, shelf]]))
        this.unsaved.delete(id)
      } catch {
        this.unsaved.set(id, shelf)
      }
      return shelf
    })
    // a shelf of another form, by an older phone, must not stop all others
    this.changing = done.catch(() => undefined)
    return done
  }

  /** Give up a version that only waits to be gone back to; of `last` only when no other has one. */
  async giveUpOne(last: string): Promise<boolean> {
    const all = await this.all()
    const found = all.find(([id, shelf]) => id !== last && shelf.previous) ?? all.find(([, shelf]) => shelf.previous)
    if (found) await this.change(found[0], forgetPrevious)
    return found !== undefined
  }

  async used(): Promise<string[]> { return (await this.all()).flatMap(([, shelf]) => used(shelf)) }

  private async read(id: string): Promise<Shelf> {
    const kept = this.unsaved.get(id) ?? await this.values.then((store) => store.get<Shelf>(PREFIX + id)).catch(() => undefined)
    return kept ?? EMPTY
  }
}
