// What otp-observer draws: everything within the terminal, faults first, and nothing of a process that the terminal would obey.
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Look } from '#src/observer-cli/look.ts'
import { headline, render } from '#src/observer-cli/screen.ts'

const about = { node: 'n1', incarnation: 'x', collectedAt: '2030-01-02T03:04:05.678Z', answered: ['n1', 'n2'], missing: [] }
const load = {
  version: '1.2.3',
  role: 'node',
  zone: '',
  uptimeMs: 1,
  draining: false,
  joined: true,
  arbiter: null,
  restarts: 4,
  takeovers: 5,
  crashes: 0,
  handled: 0,
  calls: 0,
  callsFailed: 0,
  mailboxMessages: 0,
  oldestMessageMs: 1500,
  handoffs: { in: 1, out: 2 },
  eventLoopUtilisation: 0.5,
  turnMs: 1,
  rssBytes: 100 * 2 ** 20,
  heapUsedBytes: 1,
}
const row = (name: string): Look['processes']['processes'][number] => ({
  node: 'n1',
  pid: 'n1.x.1',
  behaviour: 'lot',
  supervisor: 'node/lots',
  child: name,
  name: null,
  label: null,
  status: 'idle',
  mailbox: 7,
  oldestMs: 61_000,
  handled: 9,
  perSecond: null,
  restarts: 0,
  ageMs: 7_200_000,
  links: 1,
  monitors: 0,
  monitoredBy: 0,
  trapExit: false,
  handling: null,
  handlingMs: 0,
  stateBytes: null,
})
const member = (name: string, status: Look['cluster']['members'][number]['status'], answers = true) => ({
  name,
  incarnation: 'x',
  status,
  processes: 3,
  names: 2,
  load: answers ? load : null,
})
const held = { name: 'nats', state: 'held' as const, mayOwn: true, leaseAgeMs: 2500, limitMs: 14_000, why: null }
const lost = { ...held, state: 'lost' as const, mayOwn: false, leaseAgeMs: 20_000, why: 'nobody answered' }
const leased = (name: string, arbiter: typeof held | typeof lost) => ({ ...member(name, 'up'), load: { ...load, arbiter } })
const restart = {
  at: '2030-01-02T03:04:04.000Z',
  child: 'lot-1',
  behaviour: 'lot',
  cause: 'crash',
  reason: 'Error: no',
  class: 'error',
  restartId: 'r',
  oldPid: null,
  newPid: 'n1.x.2',
  budgetUsed: 0.25,
  durationMs: 1,
  trace: null,
} as const

function looked(more: Partial<Look['cluster']> = {}, processes: readonly string[] = ['lot-1']): Look {
  return {
    cluster: { ...about, members: [member('n1', 'up'), member('n2', 'up')], expected: 2, hasQuorum: true, agree: true, views: [], ...more },
    processes: { ...about, processes: processes.map(row), next: null, matching: processes.length, windowMs: 0 },
    supervisors: {
      ...about,
      next: null,
      supervisors: [
        {
          node: 'n1',
          supervisor: 'node/lots',
          pid: 'n1.x.0',
          strategy: 'one_for_one',
          children: { specified: 1, active: 1, restarting: 0 },
          maxRestarts: 3,
          periodMs: 5000,
          restartsInPeriod: 1,
          budgetUsed: 0.25,
          restarts: 1,
          recent: [restart],
        },
      ],
    },
    events: {
      ...about,
      events: [{ node: 'n1', seq: 1, at: about.collectedAt, type: 'process.exited', data: { pid: 'n1.x.1' } }],
      next: 'c',
      dropped: 0,
    },
  }
}

const plain = (look: Look, size = { columns: 200, rows: 60 }) => render(look, 'mailbox', size).map((line) => stripVTControlCharacters(line))

describe('the screen', () => {
  test('shows nodes, processes, restarts and events', () => {
    expect(plain(looked())).toEqual([
      '2 of 2 nodes up  as n1 sees it, 03:04:05.678',
      '',
      'NODE  STATUS  PROCESSES  NAMES  BUSY   MEMORY  OLDEST  RESTARTS  TAKEOVERS  IN/OUT  VERSION',
      'n1    up              3      2  50 %  100 MiB   1.5 s         4          5     1/2  1.2.3',
      'n2    up              3      2  50 %  100 MiB   1.5 s         4          5     1/2  1.2.3',
      '',
      'Processes by mailbox',
      'PROCESS  NODE  BEHAVIOUR  WAITING  OLDEST  A SECOND  HANDLED  HANDLING  RESTARTS  AGE',
      'lot-1    n1    lot              7   1 min         -        9  -                0  2 h',
      '',
      'Last restarts',
      '03:04:04.000  n1  node/lots/lot-1  crash  Error: no  budget 25 %',
      '',
      'Last events',
      '03:04:05.678  n1  process.exited  {"pid":"n1.x.1"}',
    ])
  })

  test('never leaves the terminal, however small it is and however much there is', () => {
    const many = looked(
      {},
      Array.from({ length: 100 }, (_, index) => `a-rather-long-name-of-a-lot-${index}`),
    )
    for (const rows of [1, 10, 24, 80]) {
      for (const columns of [20, 80, 200]) {
        const lines = plain(many, { columns, rows })
        expect(lines.length).toBeLessThanOrEqual(rows)
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
      }
    }
  })

  test('writes what processes are called, and does not obey it', () => {
    const drawn = render(looked({}, ['\u001b[2Jgone\u0007\n']), 'mailbox', { columns: 200, rows: 60 }).join('\n')
    expect(drawn).not.toContain('\u001b[2J')
    expect(drawn).not.toContain('\u0007')
    expect(stripVTControlCharacters(drawn)).toContain('gone')
  })

  test.for([
    [{ expected: 3 }, '2 of 3 nodes up: 1 missing'],
    [{ agree: false }, '2 of 2 nodes up: views differ'],
    [{ hasQuorum: false }, '2 of 2 nodes up: no quorum'],
    [{ members: [leased('n1', held), leased('n2', lost)] }, '2 of 2 nodes up: no lease on n2'],
    [{ members: [member('n1', 'up'), member('n2', 'suspect', false)] }, '1 of 2 nodes up: 1 missing'],
  ] as const)('says first what is wrong: %j', ([more, text]) => {
    expect(stripVTControlCharacters(headline(looked(more as Partial<Look['cluster']>)))).toContain(text)
  })

  test('shows the leases of an arbiter where there is one', () => {
    const [titles, , n2, n3] = plain(looked({ members: [leased('n1', held), leased('n2', lost), member('n3', 'up')] })).slice(2)
    expect(titles).toMatch(/VERSION {2}LEASE$/)
    expect(n2).toMatch(/1\.2\.3 {4}lost 20\.0 s\/14\.0 s$/)
    expect(n3).toMatch(/1\.2\.3 {4}-$/)
  })

  test('names the nodes whose processes are not in it', () => {
    const look = looked()
    const partial = { ...look, processes: { ...look.processes, missing: [{ node: 'n2', reason: 'timeout' }] } }
    expect(stripVTControlCharacters(headline(partial))).toContain('no answer from n2')
  })

  test('shows a node that does not answer as such', () => {
    expect(plain(looked({ members: [member('n1', 'up'), member('n2', 'down', false)] }))[4]).toBe('n2    down, no answer')
  })
})
