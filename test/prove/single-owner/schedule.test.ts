// Schedules of faults: the same for the same seed, each within its bounds, and together everything that can go wrong.
import { expect, test } from 'vitest'
import { testSeed } from '#test/support/seed.ts'
import { NODES, SERVERS, type Step, scheduleOf, stepLine } from './schedule.ts'

const NUMBERS = Array.from({ length: 200 }, (_, number) => number)

test('the same seed and number give the same schedule, others give others', () => {
  expect(scheduleOf(testSeed, 7, 3)).toEqual(scheduleOf(testSeed, 7, 3))
  expect(scheduleOf(testSeed, 7, 3)).not.toEqual(scheduleOf(testSeed, 8, 3))
  expect(scheduleOf(testSeed, 7, 3)).not.toEqual(scheduleOf(testSeed + 1, 7, 3))
})

test('with fewer servers the nodes suffer the same', () => {
  const ofNodes = (servers: 0 | 1 | 3) =>
    NUMBERS.map((number) =>
      scheduleOf(testSeed, number, servers).steps.filter((step) => !('servers' in step) && step.kind !== 'off_engine'),
    )
  expect(ofNodes(0)).toEqual(ofNodes(3))
  expect(ofNodes(1)).toEqual(ofNodes(3))
})

test('what is done to servers is done to those that are there', () => {
  const all = (servers: 0 | 1 | 3) => NUMBERS.flatMap((number) => scheduleOf(testSeed, number, servers).steps)
  const kindsOf = (steps: readonly Step[]) => new Set(steps.map(({ kind }) => kind))
  const alwaysThere = [
    'kill',
    'restart',
    'pause',
    'freeze',
    'off_peers',
    'alone',
    'drain',
    'start',
    'apart',
    'clock',
    'move',
    'crash',
    'rebirth',
  ]
  expect(kindsOf(all(0))).toEqual(new Set(alwaysThere))
  expect(kindsOf(all(1))).toEqual(new Set([...alwaysThere, 'off_engine', 'server_kill', 'server_pause']))
  expect(kindsOf(all(3))).toEqual(new Set([...alwaysThere, 'off_engine', 'server_kill', 'server_pause', 'server_apart']))
  expect(all(1).every((step) => !('servers' in step) || String(step.servers) === 's1')).toBe(true)
  const chosen = new Set(all(3).flatMap((step) => ('servers' in step ? [...step.servers] : [])))
  expect(chosen).toEqual(new Set(['leader', ...SERVERS]))
  expect(all(3).some((step) => 'servers' in step && new Set(step.servers).size === 2)).toBe(true)
})

test('the first twenty have every fault of nodes and servers that lasts', () => {
  const long = NUMBERS.slice(0, 20).flatMap((number) => scheduleOf(testSeed, number, 3).steps.filter(({ forMs }) => forMs >= 2000))
  const kinds = [
    'pause',
    'server_kill',
    'off_engine',
    'off_peers',
    'kill',
    'server_pause',
    'freeze',
    'server_apart',
    'alone',
    'drain',
    'apart',
    'clock',
  ]
  expect(kinds.filter((kind) => !long.some((step) => step.kind === kind))).toEqual([])
})

test('steps are in order, begin in time, and befall nodes that there are', () => {
  for (const number of NUMBERS) {
    const { steps } = scheduleOf(testSeed, number, 3)
    expect(steps.map(({ atMs }) => atMs)).toEqual(steps.map(({ atMs }) => atMs).toSorted((a, b) => a - b))
    for (const step of steps) {
      expect(step.atMs).toBeLessThan(6000)
      expect(step.forMs).toBeLessThanOrEqual(8000)
      if ('node' in step) expect(NODES).toContain(step.node)
      if (step.kind === 'apart') expect(step.other).not.toBe(step.node)
    }
  }
})

test('a step is told in a few words', () => {
  expect(stepLine({ kind: 'pause', node: 'n2', atMs: 2310, forMs: 4000 })).toBe('2.3 s +4.0 s pause n2')
  expect(stepLine({ kind: 'server_kill', servers: ['leader'], atMs: 300, forMs: 250 })).toBe('0.3 s +0.3 s server_kill leader')
  expect(stepLine({ kind: 'move', node: 'n1', name: 'job-3', to: 'n2', atMs: 1000, forMs: 0 })).toBe('1.0 s move n1 name job-3 to n2')
})
