// 100,000 inputs that no node sends: random bytes, damaged frames, nesting, lengths and keys that lie, damaged handshakes.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '#base'
import { Crash, Pid } from '#process'
import { FRAME_LIMITS, FrameDecoder, FrameEncoder } from '#src/cluster/frame.ts'
import { AcceptorHandshake, clusterKey, DiallerHandshake, type HandshakeStep } from '#src/cluster/handshake.ts'
import type { Frame } from '#src/cluster/transport/transport.ts'
import { testSeed } from '#test/support/seed.ts'

const LIMITS = { ...FRAME_LIMITS, maxFrameBytes: 100_000, maxFrameItems: 10_000 }
const timeout = 120_000

function decode(bytes: Buffer, cuts: readonly number[] = []): Frame[] | string {
  const decoder = new FrameDecoder(LIMITS)
  const frames: Frame[] = []
  for (const [index, from] of [0, ...cuts].entries()) {
    const refusal = decoder.push(bytes.subarray(from, cuts[index] ?? bytes.length), (frame) => frames.push(frame))
    if (refusal !== undefined) return refusal
  }
  return frames
}

function encode(...frames: readonly Frame[]): Buffer {
  const encoder = new FrameEncoder(LIMITS)
  for (const frame of frames) encoder.add(frame)
  return encoder.take() as Buffer
}

function framed(body: Uint8Array): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.byteLength)
  return Buffer.concat([head, body])
}

/** Whatever comes is a reason, or frames of plain data that this node could have sent itself; and it is the same in whatever pieces. */
function holds(bytes: Buffer, cuts: readonly number[]): void {
  const whole = decode(bytes)
  const pieces = decode(
    bytes,
    cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b),
  )
  if (typeof whole === 'string') {
    expect(pieces).toBe(whole)
  } else {
    expect(pieces).toEqual(whole)
    for (const frame of whole) {
      expect(frame[0]).toBeTypeOf('string')
      // What was read is within the limits in which it is written; a pid of a foreign form would throw here.
      encode(frame)
    }
  }
  expect(Object.keys(Object.prototype)).toEqual([])
}

const cuts = fc.array(fc.nat({ max: 5000 }), { maxLength: 4 })

const SAMPLES: readonly Frame[] = [
  ['call', 17, 4, 'bid', { bidder: 'ada', amount: 10 }, undefined],
  ['send', 'counter', 'cast', 'add', [1, 2.5, -3, null, true], '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
  ['gossip', [['n1.lq3f9a', 12, 0, 0]]],
  ['value', new Map<unknown, unknown>([[new Pid('n1.1', 7), new Set([5n ** 40n])]]), new Date(5), Uint8Array.of(1, 2, 3)],
  ['down', 5, new Crash(new TypeError('not today'))],
]

/** One thing that went wrong with the bytes on their way, or was done to them. */
const damage = fc.record({
  at: fc.nat({ max: 4000 }),
  how: fc.constantFrom('flip', 'set', 'cut', 'insert', 'repeat', 'drop'),
  byte: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0xc1, 0xc7, 0xc9, 0xd4, 0xdb, 0xdd, 0xdf, 0xff, 0x80, 0x90)),
})

function damaged(bytes: Buffer, { at, how, byte }: { at: number; how: string; byte: number }): Buffer {
  const place = at % bytes.length
  const copy = Buffer.from(bytes)
  if (how === 'flip') copy[place] = (copy[place] as number) ^ (1 << (byte & 7))
  if (how === 'set') copy[place] = byte
  if (how === 'cut') return copy.subarray(0, place)
  const tail = how === 'drop' ? bytes.subarray(place + 1 + (byte & 7)) : bytes.subarray(place)
  if (how === 'insert') return Buffer.concat([bytes.subarray(0, place), Buffer.of(byte), tail])
  if (how === 'repeat') return Buffer.concat([bytes, tail])
  return how === 'drop' ? Buffer.concat([bytes.subarray(0, place), tail]) : copy
}

/** The body of a frame is damaged, and its length says so; or the stream is, and the length lies. */
const damagedFrames = fc
  .tuple(fc.constantFrom(...SAMPLES), fc.array(damage, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([frame, damages, isLengthKept]) => {
    const bytes = encode(frame)
    const stream = isLengthKept ? bytes : bytes.subarray(4)
    const result = damages.reduce((so, each) => (so.length === 0 ? so : damaged(so, each)), stream)
    return isLengthKept ? result : framed(result)
  })

const KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'then', ''].map((key) => Buffer.from(key))
const token = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((byte) => Buffer.of(byte)),
  fc.constantFrom(...KEYS).map((key) => Buffer.concat([Buffer.of(0xa0 + key.length), key])),
  // Lengths that promise more than comes.
  fc
    .tuple(fc.constantFrom(0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf), fc.uint8Array({ maxLength: 6 }))
    .map(([type, size]) => Buffer.of(type, ...size)),
  // Nesting, by lists, maps with a key, and tags.
  fc
    .tuple(fc.constantFrom([0x91], [0x81, 0xa1, 0x61], [0xd4, 0x73, 0], [0xd4, 0x6d, 0], [0xd4, 0x43, 0]), fc.nat({ max: 400 }))
    .map(([opening, levels]) => Buffer.concat(Array.from({ length: levels }, () => Buffer.from(opening)))),
)
const liars = fc.array(token, { maxLength: 12 }).map((tokens) => framed(Buffer.concat([Buffer.from([0x93, 0xa1, 0x61]), ...tokens])))

describe('the decoder answers with frames or a reason, and never throws', () => {
  const holdsFor = (name: string, bytes: fc.Arbitrary<Buffer>, numRuns: number) =>
    test(`${numRuns} ${name}`, { timeout }, () => {
      fc.assert(fc.property(bytes, cuts, holds), { numRuns })
    })

  holdsFor('times random bytes', fc.uint8Array({ maxLength: 64 }).map(Buffer.from), 10_000)
  holdsFor('frames of random bytes', fc.uint8Array({ maxLength: 64 }).map(framed), 20_000)
  holdsFor('damaged frames', damagedFrames, 20_000)
  holdsFor('frames whose tokens lie', liars, 20_000)

  test('a valid stream cut at every point', () => {
    const bytes = encode(...SAMPLES)
    const whole = decode(bytes)
    for (let cut = 0; cut <= bytes.length; cut++) expect(decode(bytes, [cut])).toEqual(whole)
  })

  test('a valid stream that ends at any point has no frame more than what came whole', () => {
    const bytes = encode(...SAMPLES)
    for (let end = 0; end < bytes.length; end++) expect(decode(bytes.subarray(0, end))).toHaveLength(framesIn(bytes.subarray(0, end)))
  })
})

function framesIn(bytes: Buffer): number {
  let count = 0
  for (let at = 0; at + 4 <= bytes.length; at += 4 + bytes.readUInt32BE(at)) if (at + 4 + bytes.readUInt32BE(at) <= bytes.length) count++
  return count
}

describe('the handshake believes nobody who was not there', () => {
  const random = seededRandom(testSeed)
  const key = clusterKey('correct horse battery staple')
  const self = (name: string) => ({ id: `${name}.1`, address: `${name}:4369`, cluster: 'auctions', key, nonce: random.bytes(32) })
  /** Feeds the bytes in pieces; answers whether anything was believed. */
  const believed = (side: DiallerHandshake | AcceptorHandshake, bytes: Buffer, at: readonly number[]): boolean => {
    const ends = [...at.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
    const steps = ends.map((end, index): HandshakeStep => side.feed(bytes.subarray(ends[index - 1] ?? 0, end)))
    return steps.some(({ kind }) => kind === 'proven' || kind === 'decided')
  }

  test('10000 times random bytes at both sides', { timeout }, () => {
    const begins = fc.constantFrom(
      Buffer.alloc(0),
      Buffer.from('OTPL\x01\x01'),
      Buffer.from('OTPL\x01\x01\x01'),
      new DiallerHandshake(self('a')).hello(),
    )
    fc.assert(
      fc.property(begins, fc.uint8Array({ maxLength: 300 }), cuts, (begin, bytes, at) => {
        for (const side of [new DiallerHandshake(self('a')), new AcceptorHandshake(self('b'))]) {
          expect(believed(side, Buffer.concat([begin, bytes]), at)).toBe(false)
        }
      }),
      { numRuns: 5000 },
    )
  })

  test('10000 damaged handshakes at the acceptor', { timeout }, () => {
    fc.assert(
      fc.property(damage, fc.boolean(), cuts, (how, isHello, at) => {
        const dialler = new DiallerHandshake(self('a'))
        const acceptor = new AcceptorHandshake(self('b'))
        const hello = dialler.hello()
        const sent = isHello ? damaged(hello, how) : hello
        const met = acceptor.feed(sent)
        if (met.kind !== 'claimed' || dialler.feed(acceptor.challenge()).kind !== 'claimed') return
        const proof = dialler.proof()
        const said = isHello ? proof : damaged(proof, how)
        // Repeating what was said whole, and what follows it, changes nothing of what was proven.
        const isIntact = sent.equals(hello) && said.subarray(0, proof.length).equals(proof)
        expect(believed(acceptor, said, at)).toBe(isIntact)
      }),
      { numRuns: 10_000 },
    )
  })

  test('10000 damaged handshakes at the dialler', { timeout }, () => {
    fc.assert(
      fc.property(damage, fc.boolean(), cuts, (how, isChallenge, at) => {
        const dialler = new DiallerHandshake(self('a'))
        const acceptor = new AcceptorHandshake(self('b'))
        acceptor.feed(dialler.hello())
        const challenge = acceptor.challenge()
        const sent = isChallenge ? damaged(challenge, how) : challenge
        if (dialler.feed(sent).kind !== 'claimed' || acceptor.feed(dialler.proof()).kind !== 'proven') return
        const verdict = acceptor.decide('welcome')
        const said = isChallenge ? verdict : damaged(verdict, how)
        const isIntact = sent.equals(challenge) && said.subarray(0, verdict.length).equals(verdict)
        expect(believed(dialler, said, at)).toBe(isIntact)
      }),
      { numRuns: 10_000 },
    )
  })
})
