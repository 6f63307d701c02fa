/**
 * The audience language on the phone: rules read from signed metadata. It is told in docs/targeting.md and in
 * src/eden/base/targeting/language.py; what is accepted there is accepted here, and nothing else. A phone that cannot
 * read a rule (a newer server's) must take it for false.
 */
import { checkPattern } from './patterns'
import { compareVersions, parseVersion } from './versions'

const MAX_DEPTH = 16
const MAX_NODES = 500
const MAX_VALUES = 1000
/** characters, not UTF-16 units */
const MAX_TEXT = 256
const MAX_TOTAL_TEXT = 65_536
const MAX_PATTERNS = 20
/** of all patterns together, with repetitions counted */
const MAX_PLACES = 1024
const MAX_LIST_ID = 64

export type TextAttribute =
  | 'city' | 'device_model' | 'platform' | 'network' | 'language' | 'channel' | 'user_id' | 'device_id'
export type VersionAttribute = 'os_version' | 'app_version' | 'container_version'

const TEXT_OPERATORS = ['equals', 'one_of', 'not_one_of', 'prefix', 'suffix', 'contains', 'matches'] as const
const VERSION_OPERATORS = ['=', '!=', '>', '>=', '<', '<=', 'in_range', 'one_of', 'not_one_of'] as const
const SET_OPERATORS = ['has_any', 'has_all', 'has_none'] as const
export type TextOperator = (typeof TEXT_OPERATORS)[number]
export type VersionOperator = Exclude<(typeof VERSION_OPERATORS)[number], 'in_range'>
export type SetOperator = (typeof SET_OPERATORS)[number]
const BOUNDS = ['[)', '[]', '(]', '()'] as const
export type Bounds = (typeof BOUNDS)[number]

export type Rule =
  | { readonly kind: 'everyone' }
  | { readonly kind: 'all' | 'any'; readonly rules: readonly Rule[] }
  | { readonly kind: 'not'; readonly rule: Rule }
  | { readonly kind: 'list'; readonly id: string }
  | Condition
export type Condition =
  | {
    readonly kind: 'text'
    readonly attribute: TextAttribute
    readonly operator: TextOperator
    readonly values: readonly string[]
  }
  | {
    readonly kind: 'version'
    readonly attribute: VersionAttribute
    readonly operator: VersionOperator
    readonly values: readonly string[]
  }
  | {
    readonly kind: 'range'
    readonly attribute: VersionAttribute
    readonly low: string
    readonly high: string
    readonly bounds: Bounds
  }
  | { readonly kind: 'set'; readonly operator: SetOperator; readonly values: readonly string[] }

type Attribute = TextAttribute | VersionAttribute | 'tags'
const ATTRIBUTES: ReadonlyMap<unknown, { name: Attribute; kind: 'text' | 'version' | 'set' }> = new Map(
  ([
    ...(['city', 'device_model', 'platform', 'network', 'language', 'channel', 'user_id', 'device_id'] as const)
      .map((name) => ({ name, kind: 'text' as const })),
    ...(['os_version', 'app_version', 'container_version'] as const)
      .map((name) => ({ name, kind: 'version' as const })),
    { name: 'tags' as const, kind: 'set' as const },
  ]).map((one) => [one.name, one]),
)

const SHAPES = ['all', 'any', 'not', 'everyone', 'list', 'attribute'] as const
const SINGLE: readonly string[] = ['equals', '=', '!=', '>', '>=', '<', '<=']
const LIST_ID = /^[0-9A-Za-z][0-9A-Za-z._:-]*$/
/** Controls, and halves of surrogate pairs. */
const REFUSED_TEXT = /[\u0000-\u001f\u007f-\u009f\ud800-\udfff]/u

/** Why a value is no rule, and where: "all[1].values". */
export class RuleError extends Error {
  override name = 'RuleError'
  constructor(readonly path: string, reason: string) {
    super(`${path || 'rule'}: ${reason}`)
  }
}

/** The rule that a JSON value is; RuleError, for the first thing that is wrong, if it is none. */
export const parseRule = (value: unknown): Rule => new Reader().rule(value, '', 1)

type Fields = Readonly<Record<string, unknown>>

class Reader {
  private nodes = 0
  private text = 0
  private patterns = 0
  private places = 0

  rule(value: unknown, path: string, depth: number): Rule {
    if (++this.nodes > MAX_NODES) throw new RuleError('', `has more than ${MAX_NODES} parts`)
    if (depth > MAX_DEPTH) throw new RuleError(path, `is nested more than ${MAX_DEPTH} deep`)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new RuleError(path, 'is no object')
    const fields = value as Fields
    const shapes = SHAPES.filter((name) => Object.hasOwn(fields, name))
    const shape = shapes[0]
    if (!shape || shapes.length > 1) throw new RuleError(path, `needs exactly one of ${SHAPES.join(', ')}`)
    if (shape === 'attribute') return this.condition(fields, path)
    only(fields, [shape], path)
    const content = fields[shape]
    const at = join(path, shape)
    switch (shape) {
      case 'all':
      case 'any':
        return { kind: shape, rules: list(content, at).map((part, i) => this.rule(part, `${at}[${i}]`, depth + 1)) }
      case 'not':
        return { kind: 'not', rule: this.rule(content, at, depth + 1) }
      case 'everyone':
        if (content !== true) throw new RuleError(at, 'must be true')
        return { kind: 'everyone' }
      case 'list':
        if (typeof content !== 'string' || content.length > MAX_LIST_ID || !LIST_ID.test(content)) {
          throw new RuleError(at, 'is no id of a list')
        }
        return { kind: 'list', id: content }
    }
  }

  private condition(fields: Fields, path: string): Rule {
    const found = ATTRIBUTES.get(fields.attribute)
    if (!found) throw new RuleError(join(path, 'attribute'), 'is not known')
    const given = Object.hasOwn(fields, 'operator') ? fields.operator : undefined
    const operatorOf = <T extends string>(operators: readonly T[]): T => {
      const operator = operators.find((one) => one === given)
      if (operator === undefined) throw new RuleError(join(path, 'operator'), `does not work on ${found.name}`)
      return operator
    }
    if (found.kind === 'text') {
      const operator = operatorOf(TEXT_OPERATORS)
      const values = this.values(fields, operator, path)
      if (operator === 'matches') values.forEach((value, i) => this.pattern(value, join(path, `values[${i}]`)))
      return { kind: 'text', attribute: found.name as TextAttribute, operator, values }
    }
    if (found.kind === 'set') {
      const operator = operatorOf(SET_OPERATORS)
      return { kind: 'set', operator, values: this.values(fields, operator, path) }
    }
    const attribute = found.name as VersionAttribute
    const operator = operatorOf(VERSION_OPERATORS)
    if (operator === 'in_range') return this.range(attribute, fields, path)
    const values = this.values(fields, operator, path)
    values.forEach((value, i) => version(value, join(path, `values[${i}]`)))
    return { kind: 'version', attribute, operator, values }
  }

  private values(fields: Fields, operator: string, path: string): readonly string[] {
    const field = SINGLE.includes(operator) ? 'value' : 'values'
    const at = join(path, field)
    only(fields, ['attribute', 'operator', field], path)
    if (!Object.hasOwn(fields, field)) throw new RuleError(at, 'is missing')
    if (field === 'value') return [this.checked(fields.value, at)]
    const values = list(fields.values, at)
    if (values.length > MAX_VALUES) throw new RuleError(at, `has more than ${MAX_VALUES} values`)
    return values.map((value, i) => this.checked(value, `${at}[${i}]`))
  }

  private range(attribute: VersionAttribute, fields: Fields, path: string): Rule {
    only(fields, ['attribute', 'operator', 'from', 'to', 'bounds'], path)
    const end = (field: 'from' | 'to'): string => {
      const at = join(path, field)
      const text = this.checked(Object.hasOwn(fields, field) ? fields[field] : undefined, at)
      version(text, at)
      return text
    }
    const low = end('from')
    const high = end('to')
    const given = Object.hasOwn(fields, 'bounds') ? fields.bounds : BOUNDS[0]
    const bounds = BOUNDS.find((one) => one === given)
    if (!bounds) throw new RuleError(join(path, 'bounds'), `must be one of ${BOUNDS.join(' ')}`)
    const order = compareVersions(version(low, path), version(high, path))
    if (order > 0 || (order === 0 && bounds !== '[]')) throw new RuleError(join(path, 'to'), 'ends an empty range')
    return { kind: 'range', attribute, low, high, bounds }
  }

  private pattern(pattern: string, path: string): void {
    if (++this.patterns > MAX_PATTERNS) throw new RuleError(path, `is one more than ${MAX_PATTERNS} patterns`)
    try {
      this.places += checkPattern(pattern)
    } catch (error) {
      throw new RuleError(path, (error as Error).message)
    }
    if (this.places > MAX_PLACES) throw new RuleError(path, `has more than ${MAX_PLACES} places with those before it`)
  }

  private checked(value: unknown, path: string): string {
    if (typeof value !== 'string' || value === '') throw new RuleError(path, 'is no text')
    const length = value.length > 2 * MAX_TEXT ? Infinity : [...value].length
    if (length > MAX_TEXT) throw new RuleError(path, `has more than ${MAX_TEXT} characters`)
    if (REFUSED_TEXT.test(value)) throw new RuleError(path, 'has control characters or half characters in it')
    this.text += length
    if (this.text > MAX_TOTAL_TEXT) throw new RuleError('', `has more than ${MAX_TOTAL_TEXT} characters of values`)
    return value
  }
}

const join = (path: string, field: string): string => (path ? `${path}.${field}` : field)

function only(fields: Fields, allowed: readonly string[], path: string): void {
  const stranger = Object.keys(fields).find((field) => !allowed.includes(field))
  if (stranger !== undefined) throw new RuleError(join(path, stranger), 'is not expected')
}

function list(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw new RuleError(path, 'must be a list of at least one')
  return value
}

function version(text: string, path: string): NonNullable<ReturnType<typeof parseVersion>> {
  const found = parseVersion(text)
  if (!found) throw new RuleError(path, 'is no version')
  return found
}
