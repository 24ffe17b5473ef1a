// What a network does to a cluster under load: packets lost for a moment, a link that goes down, connections that break, one-way loss.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { entriesOf } from '#test/history/history.ts'
import { inWords, lastDoubleAfter, longest, violations } from '#test/history/verdict.ts'
import { FaultCluster } from '../support/fault-cluster.ts'
import { Figures } from '../support/figures.ts'
import { monotonic } from '../support/monotonic.ts'
import { type Undo, whyNoNetwork } from '../support/network.ts'

const missing = whyNoNetwork()
const figures = new Figures()
let cluster: FaultCluster

beforeAll(async () => {
  if (missing === undefined) cluster = await FaultCluster.start({ lots: 1000 })
})
beforeEach(({ skip }) => skip(missing !== undefined, missing))
afterAll(async () => {
  await cluster?.stop()
  figures.print()
})

const BLIPS: readonly (readonly [what: string, ms: number, fault: () => Undo, linksClosed: number])[] = [
  ['packets to and from one node are dropped', 100, () => cluster.network.isolate('n3'), 0],
  ['all packets are dropped', 125, () => all(cluster.names.map((name) => cluster.network.isolate(name))), 0],
  ['the link of one node is down', 150, () => cluster.network.linkDown('n3'), 0],
  ['the connections of one node break', 150, () => broken('n3'), 2],
]

function all(undo: readonly Undo[]): Undo {
  return () => {
    for (const each of undo) each()
  }
}

/** Cut off, and its connections reset: its peers cannot hear that, so that each side learns of it in its own time. */
function broken(name: string): Undo {
  const heal = cluster.network.isolate(name)
  cluster.network.breakConnections(name)
  return heal
}

test.for(BLIPS)('a blip (%s for %i ms) leaves no name owned twice one second later', async ([what, ms, fault, linksClosed]) => {
  const from = monotonic()
  const heal = fault()
  await sleep(ms)
  heal()
  const healedAt = monotonic()
  await sleep(1000)
  const afterASecond = monotonic()
  await sleep(500)
  await cluster.settled(10_000)
  const whole = await cluster.verdict(from)
  figures.time(`blip: ${what}`, 'two owners, at most for', longest(whole.doubles))
  figures.time(`blip: ${what}`, 'two owners, at last after the heal', lastDoubleAfter(whole, healedAt))
  expect(happened(from, 'cluster.link_down').length).toBeGreaterThanOrEqual(linksClosed)
  expect(violations(await cluster.verdict(afterASecond))).toEqual([])
})

// Which is why cuts drop: this is no partition, but a lie about one, and it is believed.
test('a firewall that rejects is taken for a killed process: names have two owners at once, and one when it has gone', async () => {
  const from = monotonic()
  const heal = cluster.network.reject('n3')
  await sleep(1000)
  heal()
  const healedAt = monotonic()
  await cluster.settled(10_000)
  // What lost its name is on its way out.
  await sleep(500)
  const settledAt = monotonic()
  await sleep(500)
  const whole = await cluster.verdict(from)
  figures.time('a firewall that rejects for 1 s', 'two owners, at most for', longest(whole.doubles))
  figures.time('a firewall that rejects for 1 s', 'two owners, at last after the heal', lastDoubleAfter(whole, healedAt))
  expect(whoWasDown(from)).toContain('n3')
  expect(whole.doubles.length).toBeGreaterThan(0)
  expect(violations(await cluster.verdict(settledAt))).toEqual([])
})

test('one-way loss between two nodes for 8 s makes nobody down, and moves nothing', async () => {
  const from = monotonic()
  const heal = cluster.network.dropBetween('n1', 'n2', { oneWay: true })
  await sleep(8000)
  expect([cluster.network.droppedAt('n1'), cluster.network.droppedAt('n2') > 0]).toEqual([0, true])
  heal()
  await sleep(1000)
  await cluster.settled(10_000)
  const verdict = await cluster.verdict(from)
  expect(whoWasDown(from)).toEqual([])
  expect(violations(verdict)).toEqual([])
})

test('a node that hears nobody for 8 s takes over what it cannot see; 1 s after it hears again each name has one owner', async () => {
  const from = monotonic()
  const heal = all(['n1', 'n2'].map((name) => cluster.network.dropBetween(name, 'n3', { oneWay: true })))
  await sleep(8000)
  heal()
  const healedAt = monotonic()
  await sleep(1000)
  const afterASecond = monotonic()
  await cluster.settled(10_000)
  const whole = await cluster.verdict(from)
  figures.time('a node hears nobody for 8 s', 'two owners, at most for', longest(whole.doubles))
  figures.time('a node hears nobody for 8 s', 'two owners, at last after the heal', lastDoubleAfter(whole, healedAt))
  figures.words('a node hears nobody for 8 s', inWords(whole))
  expect(whoWasDown(from)).toContain('n1')
  expect(violations(await cluster.verdict(afterASecond))).toEqual([])
})

/** Nodes that any other held to be down since then. */
function whoWasDown(since: number): unknown[] {
  return happened(since, 'cluster.member_changed').flatMap(({ change, name }) => (change === 'down' ? [name] : []))
}

/** Events of all nodes. */
function happened(since: number, event: string): Readonly<Record<string, unknown>>[] {
  return entriesOf(cluster.histories(), 'event').flatMap(({ at, type, data }) => (at >= since && type === event ? [data] : []))
}
