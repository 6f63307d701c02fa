/**
 * Whether a rule holds for this device: rules made into functions. The same answers as
 * src/eden/base/targeting/evaluation.py, which says what counts as not known; a test compares a million of them.
 */
import { compilePatterns } from './patterns'
import type { Condition, Rule, TextAttribute, VersionAttribute } from './rules'
import { compareVersions, parseVersion } from './versions'

/** What is known of the device and its user; what is missing, or is no string, is not known. */
export type Context =
  & { readonly [attribute in TextAttribute | VersionAttribute]?: string | undefined }
  & {
    /** none if missing */
    readonly tags?: ReadonlySet<string> | undefined
    /** ids of the lists that device or user are on, or a function that knows */
    readonly lists?: ReadonlySet<string> | ((id: string) => boolean) | undefined
  }

export type Decide = (context: Context) => boolean

/** Whether the rule holds for the context. Where it is asked often, compile it once. */
export const evaluate = (rule: Rule, context: Context): boolean => compileRule(rule)(context)

/** A function that says whether a rule of `parseRule` holds for a context. It never throws. */
export function compileRule(rule: Rule): Decide {
  switch (rule.kind) {
    case 'everyone':
      return () => true
    case 'all': {
      const parts = rule.rules.map(compileRule)
      return (context) => parts.every((part) => part(context))
    }
    case 'any': {
      const parts = rule.rules.map(compileRule)
      return (context) => parts.some((part) => part(context))
    }
    case 'not': {
      const inner = compileRule(rule.rule)
      return (context) => !inner(context)
    }
    case 'list':
      return ({ lists }) => (typeof lists === 'function' ? lists(rule.id) : lists?.has(rule.id) ?? false)
    default:
      return compileCondition(rule)
  }
}

function compileCondition(condition: Condition): Decide {
  if (condition.kind === 'set') {
    const { operator, values } = condition
    return ({ tags }) => {
      const has = (value: string): boolean => tags?.has(value) ?? false
      return operator === 'has_all' ? values.every(has) : values.some(has) === (operator === 'has_any')
    }
  }
  const test = condition.kind === 'text' ? textTest(condition) : versionTest(condition)
  const { attribute } = condition
  return (context) => {
    const text = Object.hasOwn(context, attribute) ? context[attribute] : undefined
    return typeof text === 'string' && test(text)
  }
}

function textTest({ operator, values }: Condition & { kind: 'text' }): (text: string) => boolean {
  const among = new Set(values)
  switch (operator) {
    case 'equals':
    case 'one_of':
      return (text) => among.has(text)
    case 'not_one_of':
      return (text) => !among.has(text)
    case 'prefix':
      return (text) => values.some((value) => text.startsWith(value))
    case 'suffix':
      return (text) => values.some((value) => text.endsWith(value))
    case 'contains':
      return (text) => values.some((value) => text.includes(value))
    case 'matches':
      return compilePatterns(values)
  }
}

/** What the order against the rule's version must be. */
const COMPARISONS: { readonly [operator: string]: (order: number) => boolean } = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
}

function versionTest(condition: Condition & { kind: 'version' | 'range' }): (text: string) => boolean {
  if (condition.kind === 'range') {
    const { low, high, bounds } = condition
    const above = comparison(bounds[0] === '[' ? '>=' : '>', low)
    const below = comparison(bounds[1] === ']' ? '<=' : '<', high)
    return (text) => above(text) && below(text)
  }
  const { operator, values } = condition
  if (operator !== 'one_of' && operator !== 'not_one_of') return comparison(operator, values[0]!)
  const tests = values.map((value) => comparison('=', value))
  const wanted = operator === 'one_of'
  return (text) => parseVersion(text) !== undefined && tests.some((test) => test(text)) === wanted
}

function comparison(operator: string, limit: string): (text: string) => boolean {
  const right = parseVersion(limit)!
  const accepts = COMPARISONS[operator]!
  return (text) => {
    const version = parseVersion(text)
    return version !== undefined && accepts(compareVersions(version, right))
  }
}
