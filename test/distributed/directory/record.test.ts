// The order of records is total, and merging by it makes all nodes alike, whatever comes when and how often.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Directory, type Section } from '#src/distributed/directory/directory.ts'
import { type Claim, compareRecords, type DirectoryRecord } from '#src/distributed/directory/record.ts'
import { decodeSection, encodeSection } from '#src/distributed/directory/record-codec.ts'

const nodes = ['a.1', 'b.1', 'c.1']
const claims: fc.Arbitrary<Claim> = fc.record({
  key: fc.constantFrom('x', 'y'),
  gen: fc.integer({ min: 1, max: 3 }),
  ended: fc.boolean(),
  epoch: fc.integer({ min: 1, max: 3 }),
  claimedAt: fc.integer({ min: 0, max: 3 }),
  owner: fc.constantFrom(...nodes),
  serial: fc.integer({ min: 1, max: 3 }),
  behaviour: fc.constant('lot'),
  child: fc.constant({ argument: 1, restart: 'permanent' as const, shutdown: undefined }),
})
const records: fc.Arbitrary<DirectoryRecord> = fc
  .tuple(claims, fc.constantFrom(...nodes), fc.integer({ min: 1, max: 9 }))
  .map(([claim, writer, version]) => ({ ...claim, writer, version }))

const base: DirectoryRecord = {
  key: 'x',
  gen: 1,
  ended: false,
  epoch: 1,
  claimedAt: 100,
  owner: 'a.1',
  serial: 1,
  behaviour: 'lot',
  child: undefined,
  writer: 'a.1',
  version: 1,
}

describe('the order of records', () => {
  test('is antisymmetric and transitive, and only a record and itself are equal in it', () => {
    fc.assert(
      fc.property(records, records, records, (a, b, c) => {
        expect(Math.sign(compareRecords(a, b)) + Math.sign(compareRecords(b, a))).toBe(0)
        if (compareRecords(a, b) > 0 && compareRecords(b, c) > 0) expect(compareRecords(a, c)).toBeGreaterThan(0)
        if (compareRecords(a, b) === 0) expect([a.writer, a.version]).toEqual([b.writer, b.version])
      }),
      { numRuns: 5000 },
    )
  })

  test.each<[string, Partial<DirectoryRecord>, Partial<DirectoryRecord>]>([
    ['a later birth beats an ended earlier one', { gen: 2 }, { gen: 1, ended: true, epoch: 9 }],
    ['ended beats live of the same birth, whatever the epoch', { ended: true }, { epoch: 9 }],
    ['a higher epoch beats an older claim', { epoch: 2, claimedAt: 900 }, { epoch: 1 }],
    ['of equal epochs the older claim wins', { claimedAt: 99, owner: 'b.1', writer: 'b.1' }, {}],
    ['of equal claims the lower owner wins', {}, { owner: 'b.1', writer: 'b.1' }],
    ['of one writer and claim the later word wins', { version: 2 }, {}],
  ])('%s', (_sentence, winner, loser) => {
    expect(compareRecords({ ...base, ...winner }, { ...base, ...loser })).toBeGreaterThan(0)
    expect(compareRecords({ ...base, ...loser }, { ...base, ...winner })).toBeLessThan(0)
  })
})

describe('the directory', () => {
  /** Three nodes write; their sections reach each other in any order, cut anywhere, and some twice. */
  test('is the same on all nodes that have merged the same, in whatever order', () => {
    const schedule = fc.array(fc.tuple(fc.nat(2), fc.nat(2), fc.nat(5)), { maxLength: 40 })
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2), claims), { maxLength: 20 }), schedule, (writes, gossip) => {
        const directories = nodes.map((id) => new Directory(id))
        for (const [node, claim] of writes) directories[node]?.write(claim)
        for (const [from, to, base] of gossip) deliver(directories, from, to, base)
        for (let round = 0; round < 2; round++) {
          for (const from of [0, 1, 2]) for (const to of [0, 1, 2]) deliver(directories, from, to, undefined)
        }
        const views = directories.map((directory) => [...directory.records()].sort((a, b) => (a.key < b.key ? -1 : 1)))
        expect(views[1]).toEqual(views[0])
        expect(views[2]).toEqual(views[0])
        expect(new Set(directories.map(({ liveHash }) => liveHash)).size).toBe(1)
        expect(new Set(directories.map(({ contextHash }) => contextHash)).size).toBe(1)
        expect(new Set(directories.map(({ lamport }) => lamport)).size).toBe(1)
      }),
    )
  })

  test('takes no section with a gap before it, and none of it', () => {
    const writer = new Directory('a.1')
    const reader = new Directory('b.1')
    const { writer: _writer, version: _version, ...claim } = base
    writer.write(claim)
    writer.takePush()
    writer.write({ ...claim, key: 'y' })
    const late = writer.takePush() as Section
    expect(late.base).toBe(1)
    expect(reader.merge(late)).toBe(false)
    expect(reader.size).toBe(0)
    const [whole] = writer.lacking(new Map())
    expect(whole).toMatchObject({ writer: 'a.1', base: 0, to: 2 })
    expect(reader.merge(whole as Section)).toBe(true)
    expect(reader.merged('a.1')).toBe(2)
  })

  test('what was merged before and has ended and been forgotten since does not come back with an old frame', () => {
    const writer = new Directory('a.1')
    const reader = new Directory('b.1')
    const { writer: _writer, version: _version, ...claim } = base
    writer.write(claim)
    const late = writer.takePush() as Section
    reader.merge(late)
    writer.write({ ...claim, ended: true })
    reader.merge(writer.takePush() as Section)
    reader.drop('x')
    expect(reader.merge(late)).toBe(true)
    expect(reader.get('x')).toBeUndefined()
  })

  test('a push holds only what still wins, and covers all versions up to now', () => {
    const directory = new Directory('a.1')
    const { writer: _writer, version: _version, ...claim } = base
    directory.write(claim)
    directory.write({ ...claim, serial: 2 })
    const push = directory.takePush()
    expect(push).toMatchObject({ base: 0, to: 2 })
    expect(push?.records.map(({ serial }) => serial)).toEqual([2])
    expect(directory.takePush()).toBeUndefined()
  })

  test('the hash over live records is 0 again when all have ended', () => {
    const directory = new Directory('a.1')
    const { writer: _writer, version: _version, ...claim } = base
    directory.write(claim)
    expect(directory.liveHash).not.toBe(0)
    directory.write({ ...claim, ended: true })
    expect(directory.liveHash).toBe(0)
    directory.drop('x')
    expect(directory.size).toBe(0)
    expect(directory.holdsFrom('a.1')).toBe(false)
  })
})

describe('records on the wire', () => {
  test('come out as they went in', () => {
    fc.assert(
      fc.property(fc.array(records, { maxLength: 5 }), (list) => {
        const section: Section = { writer: 'a.1', base: 0, to: 9, records: list.map((record) => ({ ...record, writer: 'a.1' })) }
        expect(decodeSection(encodeSection(section))).toEqual(section)
      }),
    )
  })

  const failures = fc.record({
    count: fc.nat(9),
    on: fc.subarray(nodes),
    reason: fc.string(),
    at: fc.nat(),
    waitMs: fc.nat(),
    isQuarantined: fc.boolean(),
  })
  const rare = fc.record({
    argument: fc.jsonValue(),
    restart: fc.constantFrom('permanent' as const, 'transient' as const, 'temporary' as const),
    shutdown: fc.constantFrom(undefined, 5000, 'brutal_kill' as const, 'infinity' as const),
    startTimeoutMs: fc.option(fc.nat(), { nil: undefined }),
    backoff: fc.constantFrom(undefined, { minMs: 1, maxMs: 2 }),
    failures: fc.option(failures, { nil: undefined }),
  })

  test('come out as they went in, with whatever a child or a name has', () => {
    const content = fc.oneof(
      fc
        .tuple(rare, fc.constantFrom({}, { handoff: 'n1/1' }), fc.constantFrom({}, { founder: 'c.1' }))
        .map(([child, handoff, founder]) => ({ child, value: undefined, ...handoff, ...founder })),
      fc.jsonValue().map((value) => ({ child: undefined, value })),
    )
    fc.assert(
      fc.property(records, content, (record, has) => {
        const section: Section = { writer: 'a.1', base: 0, to: 9, records: [{ ...record, ...has, writer: 'a.1' }] }
        expect(decodeSection(encodeSection(section))).toEqual(section)
      }),
    )
  })

  test('with a back-off, or failures, that are none are refused', () => {
    const head = ['x', 1, 0, 1, 1, 'a.1', 1, 'lot', 1, 'argument', 0, null]
    const decode = (...rest: unknown[]) => decodeSection(['a.1', 0, 1, [[...head, ...rest]]])
    expect(decode(null, null, null).records[0]?.child).toMatchObject({ argument: 'argument', restart: 'permanent' })
    expect(() => decode(null, { minMs: 5, maxMs: 1 }, null)).toThrow(/expected 0 <= minMs/)
    expect(() => decode(null, 7, null)).toThrow(/expected a back-off/)
    expect(() => decode(-1, null, null)).toThrow(/expected start time-out/)
    expect(() => decode(null, null, [1, ['a.1'], 'boom', 1, 'later', 0])).toThrow(/expected wait/)
  })

  test('what is no record is refused, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 2 }), (garbage) => {
        expect(() => decodeSection(['a.1', 0, 1, [garbage]])).toThrow(/expected/)
      }),
    )
  })
})

/** `from` sends `to` all its sections after a base: the receiver's own knowledge, or one made up. */
function deliver(directories: readonly Directory[], from: number, to: number, madeUpBase: number | undefined): void {
  const source = directories[from] as Directory
  const target = directories[to] as Directory
  if (source === target) return
  const known = new Map([...source.context()].map(([writer]) => [writer, madeUpBase ?? target.merged(writer)]))
  for (const section of source.lacking(known)) target.merge(section)
}
