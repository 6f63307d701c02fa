/**
 * Deltas for tests, as the server makes them: for each a base, its target and the base64 of
 * `eden.release.deltas.encode_delta(base, target)`.
 */
const encoder = new TextEncoder()

const concat = (...parts: (Uint8Array | string)[]): Uint8Array<ArrayBuffer> => {
  const pieces = parts.map((part) => typeof part === 'string' ? encoder.encode(part) : part)
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

const text = (lines: number): string => Array.from({ length: lines }, (_, i) => `<view>${i}</view>\n`).join('')

/** The low bytes of xorshift32, seed 1. */
const noise = (size: number): Uint8Array => {
  let x = 1
  return Uint8Array.from({ length: size }, () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return x & 0xff
  })
}

const views = text(3000)
const rough = noise(300_000)
const empty = new Uint8Array()

export interface Sample {
  base: Uint8Array<ArrayBuffer>
  target: Uint8Array<ArrayBuffer>
  dcz: Uint8Array<ArrayBuffer>
}

const sample = (base: Uint8Array | string, target: Uint8Array<ArrayBuffer>, dcz: string): Sample =>
  ({ base: concat(base), target, dcz: Uint8Array.from(atob(dcz), (letter) => letter.charCodeAt(0)) })

export const SAMPLES = {
  edit: sample(views, concat(views.replace('>77<', '>seventy-seven<')),
    'XipNGCAAAAA7lrNVeyM0K8CPTYaY5FC9zFI3Tr3omK5k6NDoeqzVOii1L/1gpc31AABYPHZpc2V2ZW50eS0EAL5JVOfQ4DOCFYEb0+n8xxA='),
  /** several blocks; every match is far away */
  far: sample(rough, concat(rough.subarray(150_000), 'something new', rough.subarray(0, 150_000)),
    'XipNGCAAAAALl/QRToWoZzizkEfreEvrOuMib5j5fSy4bZnwjF5/qyi1L/2g7ZMEAFwAAAgFAQD8//NJ8igE7AAAaHNvbWV0aGluZyBuZXcCAAC2'
    + '4N2i/NuT+SR7DAJVAAAAAQDqE/BudQQE'),
  nothingBefore: sample(empty, concat(text(50)),
    'XipNGCAAAADjsMRCmPwcFJr79MiZb7kkJ65B5GSbk0yklZkbeFK4VSi1L/1gFgKtAgDiAwwQwLcB2u3/zSuyu3tn8p8+C6uJZ3WTrSae1U21mnhW'
    + 'N3018axuryae1Q2CoHFIMSIzqBDw1g7gWdYQEiIgwiE/ksJxslRw+pFV04dyPyzymmCn'),
  nothingAfter: sample(text(50), empty,
    'XipNGCAAAABpVkb6QHGo/iEA0YB/S3Tv2RmxbZRw1f7RIXIJ+abBuSi1L/0gAAEAAA=='),
  repeated: sample(text(50), concat(text(50), 'a'.repeat(300_000)),
    'XipNGCAAAABpVkb6QHGo/iEA0YB/S3Tv2RmxbZRw1f7RIXIJ+abBuSi1L/2g9pYEAHQAABA8YQIA5vxuLhIzVuIKAgAQYbO3BGE='),
  shortBase: sample('abc', concat('abcabcabd'),
    'XipNGCAAAAC6eBa/jwHP6kFBQN5driIjsANho5YXepy0EP9h8gAVrSi1L/0gCUkAAGFiY2FiY2FiZA=='),
  /** larger than the largest window that RFC 9842 permits for this base, so in more than one window */
  limitedWindow: sample(text(100), concat(new Uint8Array(9 << 20), text(100)),
    `XipNGCAAAAC3ni3I9jCmzSh05ct47M6Nc8p9O1DzMscLKiGUgqwOLyi1L/2AaDYGkABMAAAIAAEA/P/kTggC${'ABAAAgAQAAIAEAAC'.repeat(23)}`
    + 'ABAAAgAQAN0DAMKGERKwJTl0BhpmC+BdEREpCSUFKRAzMzMzMyIiIiIi////v23btt22bduSJEmS27ZtmyRJkjTGGGOMMUbuchoDUQACBcGAUAR'
    + 'lqCC+ngHAk1QHEBIiJMIQP/dlXdZlXdXdKKIVCmg/ybOd4OzZZGmGOzsdGqaQiwZaCg=='),
} as const
