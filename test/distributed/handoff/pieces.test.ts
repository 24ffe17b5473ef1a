// A state in pieces: all of it arrives, few pieces are on their way at once, and what does not fit is no state.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IncomingState, OutgoingState, PIECE_BYTES } from '#src/distributed/handoff/pieces.ts'

const bytesOf = (size: number) => Uint8Array.from({ length: size }, (_, index) => index % 251)

/** Sends everything; answers how many pieces were on their way at most. */
function send(out: OutgoingState, into: IncomingState): number {
  const onTheWay: Uint8Array[] = []
  let most = 0
  do {
    onTheWay.push(...out.next())
    most = Math.max(most, onTheWay.length)
    const piece = onTheWay.shift()
    if (piece === undefined) break
    expect(into.take(piece)).toBe(true)
    expect(out.arrived(into.got)).toBe(true)
  } while (!into.isWhole)
  return most
}

test('a state of any size arrives as it was', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 * PIECE_BYTES }), (size) => {
      const into = new IncomingState(size)
      expect(send(new OutgoingState(bytesOf(size)), into)).toBeLessThanOrEqual(4)
      expect(into.isWhole).toBe(true)
      expect(Buffer.compare(into.bytes(), bytesOf(size))).toBe(0)
    }),
    { numRuns: 20 },
  )
})

test('nothing more leaves until a piece has arrived', () => {
  const out = new OutgoingState(bytesOf(10 * PIECE_BYTES))
  expect([...out.next()]).toHaveLength(4)
  expect([...out.next()]).toHaveLength(0)
  expect(out.arrived(PIECE_BYTES)).toBe(true)
  expect([...out.next()]).toHaveLength(1)
})

test('what has arrived before, and what was never sent, is no progress', () => {
  const out = new OutgoingState(bytesOf(10 * PIECE_BYTES))
  expect([...out.next()]).toHaveLength(4)
  expect(out.arrived(PIECE_BYTES)).toBe(true)
  expect(out.arrived(PIECE_BYTES)).toBe(false)
  expect(out.arrived(5 * PIECE_BYTES)).toBe(false)
})

test('a piece beyond what was announced, or an empty one, is refused', () => {
  const into = new IncomingState(10)
  expect(into.take(new Uint8Array(0))).toBe(false)
  expect(into.take(new Uint8Array(11))).toBe(false)
  expect(into.take(new Uint8Array(10))).toBe(true)
  expect(into.take(new Uint8Array(1))).toBe(false)
})
