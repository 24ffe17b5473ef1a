// What a node has to do about a name, for every case of record and what runs.
import { expect, test } from 'vitest'
import { dutyOf, type Situation } from '#src/distributed/children/duty.ts'
import type { DirectoryRecord } from '#src/distributed/directory/record.ts'

const child = { argument: 1, restart: 'permanent' as const, shutdown: undefined }
const mine: DirectoryRecord = {
  key: 'x',
  gen: 1,
  ended: false,
  epoch: 1,
  claimedAt: 1,
  owner: 'me.1',
  serial: 7,
  behaviour: 'lot',
  child,
  writer: 'me.1',
  version: 1,
}
const temporary = { ...child, restart: 'temporary' as const }
const poison = { ...child, failures: { count: 3, on: ['me.1'], reason: 'boom', at: 1, waitMs: 0, isQuarantined: true } }
const theirs = { ...mine, owner: 'other.1', writer: 'other.1' }
const dead = { ...mine, owner: 'dead.1', writer: 'dead.1' }
const here = (changes: Partial<Situation> = {}): Situation => ({
  self: 'me.1',
  isHeld: ({ owner }) => owner !== 'dead.1',
  mayOwn: true,
  mayRun: () => true,
  place: () => 'me.1',
  isDue: () => true,
  running: () => undefined,
  ...changes,
})
const runs = { running: () => 7 }
const elsewhere = { place: () => 'other.1' }

test.each([
  ['a live child of mine that runs: nothing', mine, here(runs), undefined],
  ['a live child of mine that does not run: start it', mine, here(), 'start'],
  [
    'a child that was given to me, and an older process of the name that runs here: stop that first',
    { ...mine, serial: 0, writer: 'other.1' },
    here(runs),
    'stop',
  ],
  ['but not before this node has joined', mine, here({ mayOwn: false }), undefined],
  ["another live node's: nothing", theirs, here(), undefined],
  ["another live node's, but it runs here: stop it", theirs, here(runs), 'stop'],
  ["a dead node's that falls to me: take it over", dead, here(), 'take_over'],
  ["a dead node's that falls to another: nothing", dead, here(elsewhere), undefined],
  ["a dead node's before I have joined: nothing", dead, here({ mayOwn: false }), undefined],
  ["a dead node's, but it runs here already: stop it, the record decides", dead, here(runs), 'stop'],
  ['a child of mine that runs without a majority: stop it', mine, here({ ...runs, mayRun: () => false, mayOwn: false }), 'stop'],
  [
    'a registered name of mine without a majority: nothing',
    { ...mine, child: undefined },
    here({ ...runs, mayRun: () => false }),
    undefined,
  ],
  ['one of mine that has to wait: nothing yet', { ...mine, serial: 0 }, here({ isDue: () => false }), undefined],
  ['a quarantined one: nothing, though its owner is dead', { ...dead, serial: 0, child: poison }, here(), undefined],
  ['a quarantined one that runs here all the same: stop it', { ...mine, child: poison }, here(runs), 'stop'],
  ["a dead node's temporary child that falls to me: it is over", { ...dead, child: temporary }, here(), 'clean_up'],
  ['a temporary child of mine that does not run: it is over', { ...mine, child: temporary }, here(), 'clean_up'],
  ['a setting of a dead node: nothing', { ...dead, key: '\0members', serial: 0, child: undefined }, here(), undefined],
  ['an ended one that runs here: stop it', { ...mine, ended: true }, here(runs), 'stop'],
  ['an ended one: nothing', { ...dead, ended: true }, here(), undefined],
  ['a registered name of mine without its process: clean it up', { ...mine, child: undefined }, here(), 'clean_up'],
  ["a dead node's registered name that falls to me: clean it up", { ...dead, child: undefined }, here(), 'clean_up'],
  ["a dead node's registered name that falls to another: nothing", { ...dead, child: undefined }, here(elsewhere), undefined],
  [
    'a registered name that others ended while its process lives: claim it again',
    { ...mine, child: undefined, ended: true, writer: 'other.1' },
    here(runs),
    'reclaim',
  ],
  [
    'a registered name that this node ended itself, while a process still runs: stop it',
    { ...mine, child: undefined, ended: true },
    here(runs),
    'stop',
  ],
] as const)('%s', (_sentence, record, situation, duty) => {
  expect(dutyOf(record, situation)).toBe(duty)
})
