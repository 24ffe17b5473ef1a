// What is said of schedules that were played: everything wrong in sentences, and a table that counts it.
import { expect, test } from 'vitest'
import type { Played } from './play.ts'
import { faultsOf, ownersTable, playedLine } from './verdict.ts'

const OWNERS = { violations: [], tenures: 24, handled: 5000, overlaps: 0, late: 0, frozen: 1 }
const KEPT: Played = {
  schedule: { number: 7, servers: 3, steps: [{ kind: 'pause', node: 'n1', atMs: 0, forMs: 4000 }] },
  owners: OWNERS,
  notQuiet: undefined,
  quietMs: 1234,
  ended: [],
  notes: [],
}
const overlap = { kind: 'overlap', at: 1, what: 'two at once' } as const
const BROKEN: Played = {
  ...KEPT,
  owners: { ...OWNERS, violations: [overlap], overlaps: 1, late: 9 },
  notQuiet: 'nobody has job-1',
  quietMs: 45_000,
  ended: ['n1#1 has ended with 1'],
}

test('two owners, no quiet and a node that ended are each something wrong', () => {
  expect(faultsOf(KEPT)).toEqual([])
  expect(faultsOf(BROKEN)).toEqual(['overlap: two at once', 'not quiet: nobody has job-1', 'ended: n1#1 has ended with 1'])
})

test('a schedule is one line', () => {
  expect(playedLine(KEPT)).toBe('7 (3 servers): 1 steps, 5000 messages, 24 owners, 0 overlaps, 1 frozen, quiet after 1.2 s')
  expect(playedLine(BROKEN)).toContain('NOT QUIET')
})

test('a table has one row for each arbiter and number of servers; the optimistic arbiter breaks nothing that it has promised', () => {
  const alone = { ...BROKEN, schedule: { ...BROKEN.schedule, servers: 1 } } as const
  const optimistic = { ...BROKEN, schedule: { ...BROKEN.schedule, servers: 0 } } as const
  const groups = [
    { arbiter: 'nats', played: [KEPT, KEPT, alone] },
    { arbiter: 'optimistic', played: [optimistic] },
  ] as const
  const lines = ownersTable(groups).split('\n')
  expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
    ['arbiter', 'servers', 'schedules', 'faults', 'messages', 'owners', 'overlaps', 'late', 'frozen', 'quiet after', 'verdict'],
    ['nats', '3', '2', '2', '10000', '48', '0', '0', '2', '1.2 s', 'kept'],
    ['nats', '1', '1', '1', '5000', '24', '1', '9', '1', '45.0 s', 'BROKEN'],
    ['optimistic', '0', '1', '1', '5000', '24', '1', '9', '1', '45.0 s', 'for contrast'],
  ])
})
