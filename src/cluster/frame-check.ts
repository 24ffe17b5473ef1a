// Checks of what came from the network, item by item: a peer that is authenticated may still be wrong. Pure.

/** The frame is none of this protocol; its link is closed. */
export class BadFrame extends Error {}

export function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new BadFrame(`expected ${what} to be a string, got ${typeof value}`)
  return value
}

/** A whole number from 0. */
export function whole(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new BadFrame(`expected ${what} to be a whole number from 0, got ${typeof value === 'number' ? value : typeof value}`)
  }
  return value
}

export function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new BadFrame(`expected ${what} to be a list, got ${typeof value}`)
  return value
}
