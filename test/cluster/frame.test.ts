// Frames: what survives the wire, what is refused on either side, and that no bytes of a peer can do harm.
import fc from 'fast-check'
import { Packr } from 'msgpackr/pack'
import { describe, expect, test } from 'vitest'
import { Crash, Pid } from '#process'
import { FRAME_LIMITS, FrameDecoder, FrameEncoder } from '#src/cluster/frame.ts'
import type { Frame } from '#src/cluster/transport/transport.ts'

const notPlain = (message: string) =>
  expect.objectContaining({ code: 'ERR_OTP_CLUSTER_NOT_PLAIN_DATA', message: expect.stringContaining(message) })

function encode(...frames: Frame[]): Buffer {
  const encoder = new FrameEncoder()
  for (const frame of frames) encoder.add(frame)
  return encoder.take() ?? Buffer.alloc(0)
}

function decode(bytes: Buffer, cuts: readonly number[] = [], decoder = new FrameDecoder()): Frame[] | string {
  const frames: Frame[] = []
  for (const [index, from] of [0, ...cuts].entries()) {
    const refusal = decoder.push(bytes.subarray(from, cuts[index] ?? bytes.length), (frame) => frames.push(frame))
    if (refusal !== undefined) return refusal
  }
  return frames
}

const roundTrip = (value: unknown): unknown => (decode(encode(['value', value])) as Frame[])[0]?.[1]

/** Bytes that another program might send as a frame. */
function framed(...bytes: readonly (number | string | Buffer)[]): Buffer {
  const body = Buffer.concat(bytes.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part as Buffer))))
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}

describe('what survives the wire', () => {
  const values: readonly [name: string, value: unknown][] = [
    ['null and undefined', [null, undefined, { nothing: undefined }]],
    ['booleans', [true, false]],
    [
      'whole numbers',
      [0, 1, 63, 64, 127, 128, 255, 65_535, 65_536, 2 ** 32, 2 ** 53 - 1, -1, -32, -33, -128, -129, -(2 ** 31), -(2 ** 53)],
    ],
    ['other numbers', [0.1, -1e300, Number.NaN, Infinity, -Infinity]],
    [
      'bigints of every size',
      [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n, -(2n ** 64n), 2n ** 127n, 3n ** 500n, -(3n ** 500n), 7n ** 30_000n],
    ],
    [
      'strings of every length and script',
      ['', 'a', 'grüße', '世界', '🙂', 'x'.repeat(31), 'x'.repeat(32), 'ü'.repeat(300), '🙂'.repeat(40_000)],
    ],
    ['lists and objects within each other', [[], {}, [[[]]], { a: { b: [{ c: 1 }] } }]],
    ['objects of more than 65535 keys', Object.fromEntries(Array.from({ length: 70_000 }, (_, index) => [`k${index}`, index]))],
    ['lists of more than 65535 items', Array.from({ length: 70_000 }, (_, index) => index)],
    [
      'dates, of any year, and the invalid one',
      [new Date(0), new Date(-1), new Date(1_767_225_600_123), new Date(8.64e15), new Date(Number.NaN)],
    ],
    [
      'maps with any keys',
      new Map<unknown, unknown>([
        ['a', 1],
        [1, 'b'],
        [{ c: 1 }, new Map([[1, new Set([1])]])],
      ]),
    ],
    ['large maps', new Map(Array.from({ length: 1000 }, (_, index) => [index, { index }]))],
    ['sets, and what is in them', new Set<unknown>(['a', 1, new Map([[1, 2]]), [new Set()]])],
    ['buffers', [Buffer.from('abc'), Buffer.alloc(0), Buffer.alloc(70_000, 7)]],
    [
      'byte arrays and other typed arrays',
      [Uint8Array.of(1, 2, 3), new Uint8Array(0), Float64Array.of(0.5, -1), BigInt64Array.of(5n), new Uint8Array(300).fill(3)],
    ],
    ['array buffers', Uint8Array.of(1, 2, 3).buffer],
    ['keys of any text', { '': 1, 'with space': 2, ünïcode: 3, hasOwnProperty: 4, toJSON: 5, [`${'k'.repeat(300)}`]: 6 }],
  ]

  test.each(values)('%s', (_name, value) => {
    expect(roundTrip(value)).toStrictEqual(value)
  })

  test('a pid, as a pid that is the same one', () => {
    const pid = new Pid('n1.lq3f9a', 42)
    const arrived = roundTrip({ to: pid }) as { to: Pid }
    expect(arrived.to).toBeInstanceOf(Pid)
    expect(arrived.to.equals(pid)).toBe(true)
    expect(arrived.to.process).toBeUndefined()
  })

  test('a crash, with the name, message and stack of its error', () => {
    const error = Object.assign(new TypeError('bid of undefined'), { code: 'ERR_BID' })
    const arrived = roundTrip(new Crash(error)) as Crash
    expect(arrived).toBeInstanceOf(Crash)
    expect(arrived.error).toBeInstanceOf(Error)
    expect(arrived.toJSON()).toEqual({ error: 'TypeError', message: 'bid of undefined', stack: error.stack })
    expect(arrived.error).toHaveProperty('code', 'ERR_BID')
  })

  test('a view of a larger buffer, and only the view', () => {
    expect(roundTrip(Buffer.from('abcdef').subarray(2, 4))).toEqual(Buffer.from('cd'))
  })

  test('bytes as a copy: what arrives shares no memory with the network', () => {
    const bytes = encode(['value', Buffer.from('abc')])
    const frames = decode(bytes) as Frame[]
    bytes.fill(0)
    expect(frames[0]?.[1]).toEqual(Buffer.from('abc'))
  })

  test('instances of other classes as plain objects of their own fields', () => {
    class Bid {
      amount = 10
      bidder = new Map([['ada', 1]])
      toJSON() {
        return 'not asked'
      }
    }
    expect(roundTrip(new Bid())).toStrictEqual({ amount: 10, bidder: new Map([['ada', 1]]) })
    expect(roundTrip(Object.assign(Object.create(null), { a: 1 }))).toStrictEqual({ a: 1 })
  })

  test('whatever plain data there is (property)', () => {
    const plain = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      stringUnit: 'binary',
      maxDepth: 5,
    })
    fc.assert(
      fc.property(plain, (value) => {
        fc.pre(!hasPrototypeKey(value))
        expect(withoutNegativeZero(roundTrip(value))).toStrictEqual(withoutNegativeZero(value))
      }),
    )
  })
})

describe('what the sender refuses', () => {
  const encoder = new FrameEncoder()
  class Lot {
    bid = () => 1
  }
  const circular: Record<string, unknown> = {}
  circular.self = circular
  const misfits: readonly [name: string, value: unknown, message: string][] = [
    ['a function', { lots: [1, { onBid() {} }] }, 'a function (onBid) at frame[1].lots[1].onBid'],
    ['a class', Lot, 'a function (Lot) at frame[1]'],
    ['a method in an instance', new Lot(), 'a function (bid) at frame[1].bid'],
    ['a symbol', { a: Symbol('s') }, 'a symbol (Symbol(s)) at frame[1].a'],
    ['a function in a map', new Map([['key', () => 1]]), 'a function at frame[1].entry(0)'],
    ['a function in a set', new Set([() => 1]), 'a function at frame[1][0]'],
    ['a promise', { 'when done': Promise.resolve() }, 'a Promise at frame[1]["when done"]'],
    ['a regular expression', [/a+/], 'a RegExp at frame[1][0]'],
    ['a weak map', new WeakMap(), 'a WeakMap at frame[1]'],
    ['what holds itself', circular, 'within itself'],
    ['the key __proto__', JSON.parse('{"__proto__": 1}'), 'a key that names a prototype at frame[1].__proto__'],
    ['the key constructor', { a: { constructor: 1 } }, 'a key that names a prototype at frame[1].a.constructor'],
  ]

  test.each(misfits)('%s, and says where it is', (_name, value, message) => {
    expect(() => encoder.add(['value', value])).toThrow(notPlain(message))
    expect(encoder.take()).toBeUndefined()
  })

  test('a frame over the limit, and sends nothing of it', () => {
    const small = new FrameEncoder({ ...FRAME_LIMITS, maxFrameBytes: 100 })
    small.add(['before'])
    expect(() => small.add(['large', 'x'.repeat(101)])).toThrow(expect.objectContaining({ code: 'ERR_OTP_CLUSTER_FRAME_TOO_LARGE' }))
    small.add(['after'])
    expect(decode(small.take() as Buffer)).toEqual([['before'], ['after']])
  })

  test('more values than the receiver would read, and says what to do', () => {
    const few = new FrameEncoder({ ...FRAME_LIMITS, maxFrameItems: 100 })
    few.add(['value', Array(97).fill(0)])
    expect(() => few.add(['value', Array(100).fill(0)])).toThrow(notPlain('at most 100 values in one frame'))
    few.add(['bytes', new Uint8Array(10_000)])
    expect(decode(few.take() as Buffer, [], new FrameDecoder({ ...FRAME_LIMITS, maxFrameItems: 100 }))).toHaveLength(2)
  })

  test('what nests deeper than the receiver would read, and nothing that nests less deep', () => {
    const wraps = [
      (inner: unknown) => [inner],
      (inner: unknown) => ({ inner }),
      (inner: unknown) => new Map([[1, inner]]),
      (inner: unknown) => new Set([inner]),
    ]
    for (const wrap of wraps) {
      const nested = (levels: number): unknown => (levels === 0 ? new Pid('n1.1', 1) : wrap(nested(levels - 1)))
      expect(roundTrip(nested(126))).toEqual(nested(126))
      expect(roundTrip([...Array(126)].reduce(wrap, new Crash('deep')))).toBeDefined()
      expect(() => encode(['value', nested(128)])).toThrow(notPlain('deeper than 128'))
    }
  })
})

describe('frames of one turn', () => {
  test('leave as one buffer, in order', () => {
    const frames = Array.from({ length: 5000 }, (_, index): Frame => ['n', index, 'x'.repeat(index % 100)])
    expect(decode(encode(...frames))).toEqual(frames)
  })

  test('are not written over by those of the next', () => {
    const encoder = new FrameEncoder()
    const batches = Array.from({ length: 2000 }, (_, index) => {
      encoder.add(['n', index, 'x'.repeat(90)])
      return encoder.take() as Buffer
    })
    expect(batches.flatMap((batch) => decode(batch) as Frame[]).map((frame) => frame[1])).toEqual(batches.map((_, index) => index))
  })

  test('may be large and small together', () => {
    const frames: Frame[] = [['a'], ['b', 'x'.repeat(3_000_000)], ['c'], ['d', Buffer.alloc(200_000, 1)], ['e']]
    expect(decode(encode(...frames))).toEqual(frames)
  })
})

describe('the decoder', () => {
  test('gives the same frames however the bytes are cut (property)', () => {
    const frames: Frame[] = [['a'], ['b', { c: [1, 2, 3] }], ['d', 'x'.repeat(300)], ['e', new Pid('n1.1', 1)]]
    const bytes = encode(...frames)
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: bytes.length }), { maxLength: 40 }), (cuts) => {
        expect(
          decode(
            bytes,
            cuts.toSorted((a, b) => a - b),
          ),
        ).toEqual(frames)
      }),
    )
    expect(decode(bytes, [...bytes.keys()].slice(1))).toEqual(frames)
  })

  test('copies a frame that comes in many pieces a bounded number of times', () => {
    const bytes = encode(['large', Buffer.alloc(8 * 1024 * 1024)])
    const decoder = new FrameDecoder()
    let frames = 0
    for (let at = 0; at < bytes.length; at += 64) expect(decoder.push(bytes.subarray(at, at + 64), () => frames++)).toBeUndefined()
    expect(frames).toBe(1)
  })

  test.each([8, 8 * 1024])('keeps nothing of a chunk that is lent to it (%i bytes of content)', (size) => {
    const content = ['kept', 'x'.repeat(size), Buffer.alloc(size, 7), new Float64Array(size).fill(0.5)] as const
    const bytes = encode(content)
    const frames: Frame[] = []
    const decoder = new FrameDecoder()
    const lent = Buffer.alloc(bytes.length)
    const lend = (piece: Buffer) => {
      lent.set(piece)
      expect(decoder.push(lent.subarray(0, piece.length), (frame) => frames.push(frame))).toBeUndefined()
      lent.fill(0xc1)
    }
    lend(bytes)
    lend(bytes.subarray(0, 10))
    lend(bytes.subarray(10))
    lend(encode(['next', 'y'.repeat(size), Buffer.alloc(size, 9)]))
    expect(frames.slice(0, 2)).toEqual([content, content])
  })

  test('refuses a frame of few bytes that would be much in memory', () => {
    const lists = Buffer.concat([Buffer.from([0x92, 0xa1, 0x61, 0xdd, 0, 0x20, 0, 0]), Buffer.alloc(0x20_0000, 0x90)])
    expect(decode(framed(lists))).toContain('more than 1048576 values')
  })

  test('refuses a frame over the limit by its header, before its bytes have come', () => {
    const decoder = new FrameDecoder({ ...FRAME_LIMITS, maxFrameBytes: 1000 })
    const header = Buffer.from([0, 0, 3, 0xe9])
    expect(decoder.push(header, () => {})).toContain('1001 bytes is over the limit of 1000')
    expect(new FrameDecoder({ ...FRAME_LIMITS, maxFrameBytes: 1000 }).push(header.subarray(0, 2), () => {})).toBeUndefined()
  })

  const garbage: readonly [name: string, bytes: Buffer, reason: string][] = [
    ['nothing', framed(), 'ends within'],
    ['a value that is no list', framed(0x01), 'list that begins with a string'],
    ['an empty list', framed(0x90), 'list that begins with a string'],
    ['a list that begins with a number', framed(0x91, 0x01), 'list that begins with a string'],
    ['a list that ends early', framed(0x92, 0xa1, 'a'), 'ends within'],
    ['more than one value', framed(0x91, 0xa1, 'a', 0x01), 'after the end'],
    ['a list longer than the frame', framed(0xdd, 0xff, 0xff, 0xff, 0xff, 0xa1, 'a'), 'ends within'],
    ['a string longer than the frame', framed(0x92, 0xa1, 'a', 0xdb, 0x7f, 0xff, 0xff, 0xff), 'ends within'],
    ['a byte that MessagePack never uses', framed(0x92, 0xa1, 'a', 0xc1), 'no frame holds'],
    ['a record definition of msgpackr', framed(0x92, 0xa1, 'a', 0xd4, 0x72, 0x40, 0x91, 0xa1, 'x', 0x01), 'no frame holds'],
    ['a record definition with two bytes', framed(0x92, 0xa1, 'a', 0xd5, 0x72, 0x40, 0x00, 0x91, 0xa1, 'x', 0x01), 'no frame holds'],
    ['a regular expression', framed(0x92, 0xa1, 'a', 0xd4, 0x78, 0x00, 0x92, 0xa4, '(a+)', 0xa0), 'no frame holds'],
    ['a pointer', framed(0x92, 0xa1, 'a', 0xd6, 0x70, 0, 0, 0, 1), 'no frame holds'],
    ['an identity', framed(0x92, 0xa1, 'a', 0xd6, 0x69, 0, 0, 0, 1, 0x90), 'no frame holds'],
    ['bundled strings', framed(0x92, 0xa1, 'a', 0xd6, 0x62, 0, 0, 0, 1, 0x90), 'no frame holds'],
    ['a timestamp of MessagePack', framed(0x92, 0xa1, 'a', 0xd6, 0xff, 0, 0, 0, 1), 'no frame holds'],
    ['an extension nobody knows', framed(0x92, 0xa1, 'a', 0xc7, 1, 0x33, 0), 'no frame holds'],
    ['a key __proto__', framed(0x92, 0xa1, 'a', 0x81, 0xa9, '__proto__', 0x80), 'names a prototype'],
    ['a key constructor, written long', framed(0x92, 0xa1, 'a', 0x81, 0xd9, 11, 'constructor', 0x80), 'names a prototype'],
    ['a key prototype, in a large map', framed(0x92, 0xa1, 'a', 0xde, 0, 1, 0xda, 0, 9, 'prototype', 0x80), 'names a prototype'],
    ['a key that is a list', framed(0x92, 0xa1, 'a', 0x81, 0x91, 0xa9, '__proto__', 0x80), 'no string'],
    ['a pid that is none', framed(0x92, 0xa1, 'a', 0xd4, 0x70, 0x00, 0x92, 0xa1, 'n', 0x01), 'pid'],
    ['a set of a string', framed(0x92, 0xa1, 'a', 0xd4, 0x73, 0x00, 0xa1, 'a'), 'set'],
    ['a map of an odd list', framed(0x92, 0xa1, 'a', 0xd4, 0x6d, 0x00, 0x91, 0x01), 'map'],
    ['a crash of no error', framed(0x92, 0xa1, 'a', 0xd4, 0x43, 0x00, 0x01), 'crash'],
    [
      'tags without end',
      framed(0x92, 0xa1, 'a', ...Array.from({ length: 1000 }, () => '\xd4\x73\x00').flatMap(() => [0xd4, 0x73, 0]), 0x90),
      'nested deeper',
    ],
    ['lists within lists without end', framed(...Array.from({ length: 100_000 }, () => 0x91), 0x90), 'nested deeper'],
    ['doubles for a typed array cut in the middle', framed(0x92, 0xa1, 'a', 0xc7, 4, 0x74, 8, 1, 2, 3), 'Float64Array'],
  ]

  test.each(garbage)('refuses %s', (_name, bytes, reason) => {
    expect(decode(bytes)).toContain(reason)
    expect(decode(bytes, [...bytes.keys()].slice(1, 50))).toContain(reason)
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })

  test('refuses what msgpackr writes by its own defaults: records are never read', () => {
    const bytes = new Packr().pack(['a', { key: 1 }, { key: 2 }])
    expect(decode(framed(...bytes))).toContain('no frame holds')
  })

  test('answers any bytes with frames or a reason, and never throws (property)', () => {
    const anyBytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => framed(...bytes))
    const damaged = fc.tuple(fc.nat(), fc.nat({ max: 255 })).map(([at, byte]) => {
      const bytes = encode(['a', { b: [1, 'two', new Map([[new Pid('n1.1', 7), new Date(5)]])] }, new Set([5n ** 50n]), Uint8Array.of(1)])
      bytes[4 + (at % (bytes.length - 4))] = byte
      return bytes
    })
    fc.assert(
      fc.property(fc.oneof(anyBytes, damaged), (bytes) => {
        const answer = decode(bytes)
        if (typeof answer !== 'string') for (const frame of answer) expect(frame[0]).toBeTypeOf('string')
      }),
      { numRuns: 2000 },
    )
  })

  test('goes on with good frames after it refused those of another peer', () => {
    for (const [, bytes] of garbage) decode(bytes)
    expect(roundTrip({ a: [1] })).toEqual({ a: [1] })
  })
})

function hasPrototypeKey(value: unknown): boolean {
  if (value instanceof Map) return [...value].flat().some(hasPrototypeKey)
  if (value instanceof Set || Array.isArray(value)) return [...value].some(hasPrototypeKey)
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false
  return Object.entries(value).some(([key, item]) => ['__proto__', 'constructor', 'prototype'].includes(key) || hasPrototypeKey(item))
}

/** -0 arrives as 0, and objects without a prototype get one; everything else is the same. */
function withoutNegativeZero(value: unknown): unknown {
  if (value === 0) return 0
  if (value instanceof Map) return [...value].map(withoutNegativeZero)
  if (value instanceof Set || Array.isArray(value)) return Array.from(value, withoutNegativeZero)
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutNegativeZero(item)]))
}
