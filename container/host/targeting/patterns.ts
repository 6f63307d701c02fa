/**
 * Matching a text against patterns in time that grows with its length only: Thompson's construction, run as a
 * deterministic automaton whose states are made when they are first needed. src/eden/base/targeting/patterns.py tells
 * more. The page's own RegExp backtracks, and a pattern could stall the phone.
 */
import { type Assertion, type Characters, holds, type Node, parsePattern, PatternError, sizeOf } from './pattern-syntax'

/** Characters of a text that is looked at; a longer one matches nothing. */
const MAX_SUBJECT = 256
/** Places of all remembered states together; then remembering starts anew. */
const MEMORY = 20_000

/** One place of the automaton: go on to `after` if the text is as `test` says; 'matched' ends. */
interface Step { test: Characters | Assertion | 'always' | 'matched'; after: readonly number[] }

interface State {
  readonly places: readonly number[]
  readonly matched: boolean
  readonly matchedAtEnd: boolean
  readonly following: Map<string, State>
}

export class Matcher {
  private readonly steps: Step[] = [{ test: 'matched', after: [] }]
  private readonly entry: number
  private states = new Map<string, State>()
  private room = MEMORY
  private first: State

  /** PatternError if one of them is none. */
  constructor(patterns: readonly string[]) {
    const entries = patterns.map((pattern) => this.build(parsePattern(pattern), 0))
    this.entry = this.add({ test: 'always', after: entries })
    this.first = this.reach([this.entry], true)
  }

  /** Whether the empty text within any text is enough, at its start or at its end. */
  get matchesEverything(): boolean {
    return this.first.matched || this.reach([this.entry], false).matchedAtEnd
  }

  /** Whether one of the patterns occurs in the text. */
  search(text: string): boolean {
    if (text.length > 2 * MAX_SUBJECT) return false
    const characters = [...text]
    if (characters.length > MAX_SUBJECT) return false
    let state = this.first
    for (const char of characters) {
      if (state.matched) return true
      state = state.following.get(char) ?? this.advance(state, char)
    }
    return state.matchedAtEnd
  }

  private add(step: Step): number {
    return this.steps.push(step) - 1
  }

  /** The entry of the node's places, which lead to `after`. */
  private build(node: Node, after: number): number {
    switch (node.kind) {
      case 'sequence':
        return node.parts.reduceRight((next, part) => this.build(part, next), after)
      case 'either':
        return this.add({ test: 'always', after: node.parts.map((part) => this.build(part, after)) })
      case 'repeat': {
        let next = after
        if (node.most === Infinity) {
          next = this.add({ test: 'always', after: [] })
          this.steps[next]!.after = [this.build(node.part, next), after]
        } else {
          for (let i = node.least; i < node.most; i++) {
            next = this.add({ test: 'always', after: [this.build(node.part, next), next] })
          }
        }
        for (let i = 0; i < node.least; i++) next = this.build(node.part, next)
        return next
      }
      default:
        return this.add({ test: node, after: [after] })
    }
  }

  /** The state after the character, which is remembered. */
  private advance(state: State, char: string): State {
    if (this.room < 0) {
      this.states = new Map()
      this.room = MEMORY
      this.first = this.reach([this.entry], true)
    }
    const code = char.codePointAt(0)!
    const reached = [this.entry]
    for (const place of state.places) {
      const { test, after } = this.steps[place]!
      if (typeof test === 'object' && test.kind === 'characters' && holds(test, code)) reached.push(...after)
    }
    const following = this.reach(reached, false)
    state.following.set(char, following)
    this.room--
    return following
  }

  /** The state of what is reached from here without a character. */
  private reach(entries: readonly number[], atStart: boolean): State {
    const places = new Set<number>()
    let matched = false
    let matchedAtEnd = false
    /** place * 2, and 1 more if it counts only where the text ends */
    const seen = new Set<number>()
    const waiting = entries.map((entry) => entry * 2)
    for (let visit = waiting.pop(); visit !== undefined; visit = waiting.pop()) {
      if (seen.has(visit)) continue
      seen.add(visit)
      const place = visit >> 1
      const atEnd = visit & 1
      const { test, after } = this.steps[place]!
      const kind = typeof test === 'object' ? test.kind : test
      if (kind === 'matched') {
        matchedAtEnd = true
        if (!atEnd) matched = true
      } else if (kind === 'characters') {
        if (!atEnd) places.add(place)
      } else if (kind !== 'start' || atStart) {
        for (const next of after) waiting.push(next * 2 + (kind === 'end' ? 1 : atEnd))
      }
    }
    const sorted = [...places].sort((one, two) => one - two)
    const key = `${sorted.join()} ${matched} ${matchedAtEnd}`
    let state = this.states.get(key)
    if (!state) {
      state = { places: sorted, matched, matchedAtEnd, following: new Map() }
      this.states.set(key, state)
      this.room -= sorted.length + 1
    }
    return state
  }
}

/** Whether one of the patterns occurs in a text; PatternError if one of them is none. */
export function compilePatterns(patterns: readonly string[]): (text: string) => boolean {
  const matcher = new Matcher(patterns)
  return (text) => matcher.search(text)
}

/** How many places the pattern takes; PatternError if it is of no use for an audience. */
export function checkPattern(pattern: string): number {
  if (new Matcher([pattern]).matchesEverything) throw new PatternError('matches every text')
  return sizeOf(parsePattern(pattern))
}
