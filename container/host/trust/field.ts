/** A value of a metadata file and the way to it, read strictly. Every fault is a TrustError of kind `format`. */
import { TrustError } from './error'

export class Field {
  constructor(readonly value: unknown, private readonly file: string, private readonly path = '') {}

  wrong(detail: string): never {
    throw new TrustError('format', this.file, `${this.path || 'the file'} ${detail}`)
  }

  /** Its fields by name. Own properties only: what a prototype has was not in the file. */
  record(): (key: string) => Field {
    const value = this.object()
    return (key) => this.inner(key, Object.hasOwn(value, key) ? value[key] : undefined)
  }

  /** Its fields as a map. */
  map<T>(read: (field: Field, key: string) => T): Map<string, T> {
    return new Map(Object.entries(this.object()).map(([key, value]) => [key, read(this.inner(key, value), key)]))
  }

  list<T>(read: (field: Field) => T): T[] {
    if (!Array.isArray(this.value)) this.wrong('must be a list')
    return (this.value as unknown[]).map((value, index) => read(this.inner(String(index), value)))
  }

  optional<T>(read: (field: Field) => T): T | undefined {
    return this.value === undefined ? undefined : read(this)
  }

  text(pattern = /^/): string {
    const { value } = this
    if (typeof value !== 'string' || !pattern.test(value)) this.wrong('must be a text of the right form')
    return value as string
  }

  integer(least: number, most = Number.MAX_SAFE_INTEGER): number {
    const { value } = this
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) {
      this.wrong(`must be a whole number from ${least}`)
    }
    return value as number
  }

  flag(): boolean {
    if (typeof this.value !== 'boolean') this.wrong('must be true or false')
    return this.value as boolean
  }

  private object(): { [key: string]: unknown } {
    const { value } = this
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.wrong('must be an object')
    return value as { [key: string]: unknown }
  }

  private inner(key: string, value: unknown): Field {
    return new Field(value, this.file, this.path ? `${this.path}.${key}` : key)
  }
}
