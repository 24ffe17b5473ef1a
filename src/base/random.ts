// The randomness port: seeded in tests, the machine's own in production.
import { randomBytes } from 'node:crypto'

export interface Random {
  /** A number in [0, 1). */
  next(): number
  /** A whole number in [0, below). */
  int(below: number): number
  /** `length` random bytes; unpredictable only in `systemRandom`. */
  bytes(length: number): Buffer
}

function randomFrom(next: () => number, bytes: (length: number) => Buffer): Random {
  return { next, int: (below) => Math.floor(next() * below), bytes }
}

/** The machine's randomness; `bytes` is fit for keys and nonces. */
export const systemRandom: Random = randomFrom(Math.random, randomBytes)

/** The same sequence for the same seed (mulberry32). For tests and placement, never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return randomFrom(next, (length) => Buffer.from(Array.from({ length }, () => Math.floor(next() * 256))))
}
