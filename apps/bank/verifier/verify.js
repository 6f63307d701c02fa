'use strict'
/* Checks a receipt of the bank's ledger (bank/ledger/receipts.py) by the ledger's public keys, as `python -m bank verify`
   does: its one spelling, the way from the entry to the root (RFC 6962), the signed head (C2SP tlog-checkpoint, Ed25519).
   It asks nobody anything. */

const FORMAT = 'eden-ledger-receipt-1'
const MARK = '— '
const utf8 = new TextEncoder()

class Invalid extends Error {}

function demand(right, code) {
  if (!right) throw new Invalid(code)
}

const isText = (value) => typeof value === 'string'
const isWhole = (value) => Number.isSafeInteger(value) && !Object.is(value, -0)

const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

function bytesOf(hex, length) {
  demand(isText(hex) && /^([0-9a-f]{2})*$/.test(hex) && (hex === '' || hex.length === 2 * length), 'changed')
  return Uint8Array.from(hex.match(/../g) || [], (pair) => parseInt(pair, 16))
}

function unbase64(text) {
  demand(/^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0, 'head')
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  demand(btoa(String.fromCharCode(...bytes)) === text, 'head')
  return bytes
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest('SHA-256', joined(...parts)))

/** Big-endian, of so many bytes; `signed` may be below zero. */
function number(value, bytes, signed = false) {
  demand(isWhole(value), 'changed')
  const [bits, big] = [8 * bytes, BigInt(value)]
  demand((signed ? BigInt.asIntN : BigInt.asUintN)(bits, big) === big, 'changed')
  return bytesOf(BigInt.asUintN(bits, big).toString(16).padStart(2 * bytes, '0'), bytes)
}

/** Of an id: 16 bytes, of zeros where nothing is said. */
const identifier = (hex, mayLack = false) => {
  const bytes = bytesOf(hex, 16)
  demand(bytes.length || mayLack, 'changed')
  return bytes.length ? bytes : new Uint8Array(16)
}

/** Without what the bank leaves out: what is as if it were not there. */
function lean(fields, needed) {
  const kept = {}
  for (const [name, value, kind] of fields) {
    demand(kind(value), 'changed')
    if (needed.includes(name) || (value !== '' && value !== 0)) kept[name] = value
  }
  return kept
}

/** What the receipt says, field by field, and its entry of the tree. */
function read(receipt) {
  const { format, path, head, transfer, note } = receipt
  demand(format === FORMAT && Array.isArray(path) && isText(head) && (transfer === undefined) !== (note === undefined), 'format')
  if (note !== undefined) {
    const { seq, at, kind, key, body } = note
    demand([kind, key, body].every(isText), 'changed')
    const zero = new Uint8Array(1)
    const entry = joined(
      Uint8Array.of(2), number(seq, 8), number(at, 8, true),
      utf8.encode(kind), zero, utf8.encode(key), zero, utf8.encode(body),
    )
    return { seq, entry, same: { format, path, head, note: { seq, at, kind, key, body } } }
  }
  const { transfer: one, seq, at, released = 0 } = transfer
  const { id, debit = '', credit = '', amount = 0, ledger = 0, code = 0, flags = 0 } = one
  const { pending_id = '', timeout_s = 0, reference = '', data = '' } = one
  const fields = [
    ['id', id, isText], ['debit', debit, isText], ['credit', credit, isText], ['amount', amount, isWhole],
    ['ledger', ledger, isWhole], ['code', code, isWhole], ['flags', flags, isWhole], ['pending_id', pending_id, isText],
    ['timeout_s', timeout_s, isWhole], ['reference', reference, isText], ['data', data, isText],
  ]
  const entry = joined(
    Uint8Array.of(1), number(seq, 8), number(at, 8, true), number(amount, 8, true), number(released, 8, true),
    identifier(id), identifier(debit), identifier(credit), number(ledger, 4), number(code, 4), number(flags, 2),
    number(timeout_s, 4), identifier(pending_id, true), identifier(data, true), utf8.encode(reference),
  )
  const posted = { transfer: lean(fields, ['id']), seq, at, ...(released ? { released } : {}) }
  return { seq, entry, same: { format, path, head, transfer: posted } }
}

/** The root that the path leads to from a leaf (RFC 9162, section 2.1.3.2). */
async function root(leaf, index, size, path) {
  demand(index >= 0 && index < size, 'changed')
  const node = (left, right) => sha256(Uint8Array.of(1), left, right)
  const half = (value) => Math.floor(value / 2)
  let [place, last, reached] = [index, size - 1, leaf]
  for (const beside of path) {
    demand(last > 0, 'changed')
    if (place % 2 || place === last) {
      reached = await node(beside, reached)
      while (place % 2 === 0 && place) [place, last] = [half(place), half(last)]
    } else {
      reached = await node(reached, beside)
    }
    ;[place, last] = [half(place), half(last)]
  }
  demand(last === 0, 'changed')
  return reached
}

/** Public keys, one in each line: ORIGIN+8 hexadecimal digits+base64. */
async function readKeys(text) {
  const keys = []
  for (const line of text.split('\n').map((each) => each.trim()).filter(Boolean)) {
    const parts = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/.exec(line)
    demand(parts, 'keys')
    const [, origin, named, encoded] = parts
    let bytes
    try {
      bytes = unbase64(encoded)
    } catch {
      throw new Invalid('keys')
    }
    demand(bytes.length === 33 && bytes[0] === 1, 'keys')
    demand(hexOf((await sha256(utf8.encode(`${origin}\n`), bytes)).slice(0, 4)) === named, 'keys')
    keys.push({ origin, named, raw: bytes.slice(1) })
  }
  demand(keys.length, 'keys')
  return keys
}

/** The signed head in a note: each of its signatures, at least one, is by one of the keys. */
async function readHead(note, keys) {
  const gap = note.indexOf('\n\n')
  demand(gap >= 0, 'head')
  const text = note.slice(0, gap + 1)
  const lines = note.slice(gap + 2).split('\n')
  demand(lines.length > 1 && lines.pop() === '', 'head')
  for (const line of lines) {
    demand(line.startsWith(MARK), 'head')
    const rest = line.slice(MARK.length)
    const space = rest.indexOf(' ')
    demand(space >= 0, 'head')
    const signed = unbase64(rest.slice(space + 1))
    const named = hexOf(signed.slice(0, 4))
    const key = keys.find((one) => one.origin === rest.slice(0, space) && one.named === named)
    demand(key, 'stranger')
    const imported = await crypto.subtle.importKey('raw', key.raw, { name: 'Ed25519' }, false, ['verify'])
    demand(await crypto.subtle.verify('Ed25519', imported, signed.slice(4), utf8.encode(text)), 'head')
  }
  const parts = text.slice(0, -1).split('\n')
  demand(parts.length === 4, 'head')
  const [origin, size, hash, time] = parts
  demand(/^(0|[1-9]\d{0,15})$/.test(size) && /^time (0|[1-9]\d{0,15})$/.test(time), 'head')
  demand(keys.some((key) => key.origin === origin), 'stranger')
  return { origin, size: Number(size), root: hexOf(unbase64(hash)), at: Number(time.slice(5)) }
}

/**
 * What a receipt proves: `{ entry, head }` with the posted transfer or the note. Throws Invalid with a code of `texts`.
 * @param {string} text the receipt as the bank wrote it
 * @param {string} keys the ledger's public keys
 */
async function verifyReceipt(text, keys) {
  const known = await readKeys(keys)
  let receipt
  try {
    receipt = JSON.parse(text)
    demand(receipt !== null && typeof receipt === 'object', 'format')
  } catch {
    throw new Invalid('format')
  }
  let said
  try {
    said = read(receipt)
    said.path = said.same.path.map((hash) => bytesOf(hash, 32))
  } catch (error) {
    throw error instanceof Invalid ? error : new Invalid('format')
  }
  demand(`${JSON.stringify(said.same, null, 2)}\n` === text, 'changed')
  const head = await readHead(said.same.head, known)
  const leaf = await sha256(Uint8Array.of(0), said.entry)
  demand(hexOf(await root(leaf, said.seq, head.size, said.path)) === head.root, 'changed')
  return { entry: said.same.transfer || said.same.note, head }
}
globalThis.verifyReceipt = verifyReceipt
