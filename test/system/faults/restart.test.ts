// Nodes that end and come back under load: one after the other in order, all at once without a word, and with a wall clock that jumps.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { entriesOf } from '#test/history/history.ts'
import { afterTakeover, inWords, longest, violations } from '#test/history/verdict.ts'
import { FaultCluster, whyNoJumps } from '../support/fault-cluster.ts'
import { Figures } from '../support/figures.ts'
import { whyNoNetwork } from '../support/network.ts'
import { monotonic } from '../support/workload/notes.ts'

const missing = whyNoNetwork()
const noJumps = whyNoJumps()
const figures = new Figures()
const HOUR_MS = 3_600_000
let cluster: FaultCluster

beforeAll(async () => {
  if (missing === undefined) cluster = await FaultCluster.start({ lots: 1000, canJump: noJumps === undefined })
})
beforeEach(({ skip }) => skip(missing !== undefined, missing))
afterAll(async () => {
  await cluster?.stop()
  figures.print()
})

test('a rolling restart of all nodes: each ends with 0, no name is ever owned twice, and at the end all are there', async () => {
  const from = monotonic()
  for (const name of cluster.names) {
    expect(await cluster.node(name).stop()).toBe(0)
    cluster.start(name)
    await cluster.ready()
  }
  await sleep(500)
  const verdict = await cluster.verdict(from)
  figures.time('rolling restart', 'all nodes, after', verdict.to - from)
  figures.words('rolling restart', inWords(verdict))
  figures.time('rolling restart', 'a name without an owner, at most for', longest(verdict.gaps))
  expect(violations(afterTakeover(verdict))).toEqual([])
})

test('all nodes killed at once and started again: every name is there again, once', async () => {
  const from = monotonic()
  for (const process of cluster.running()) process.kill()
  await cluster.startAll(false)
  const readyAt = monotonic()
  figures.time('all killed at once, started again', 'all names there after', readyAt - from)
  await sleep(1000)
  const verdict = await cluster.verdict(readyAt)
  expect(violations(verdict)).toEqual([])
})

test('wall clocks that jump by an hour, forth and back, make nobody down and move nothing', async ({ skip }) => {
  skip(noJumps !== undefined, noJumps)
  const from = monotonic()
  cluster.setClock('n1', HOUR_MS)
  cluster.setClock('n2', -HOUR_MS)
  await sleep(2500)
  cluster.setClock('n1', -HOUR_MS)
  await sleep(2500)
  const walls = cluster.histories().map(({ entries }) => entries.map(({ wall, at }) => wall - at))
  expect(walls.filter((of) => Math.max(...of) - Math.min(...of) > HOUR_MS / 2)).toHaveLength(2)
  const verdict = await cluster.verdict(from)
  const changed = entriesOf(cluster.histories(), 'event').filter(({ at, type }) => at >= from && type === 'cluster.member_changed')
  expect(changed.map(({ data }) => data)).toEqual([])
  expect(violations(verdict)).toEqual([])
})

test('clocks that are hours apart decide nothing about a takeover: each name lives again, once', async ({ skip }) => {
  skip(noJumps !== undefined, noJumps)
  const killedAt = cluster.node('n3').kill()
  await cluster.settled(10_000)
  await sleep(1000)
  const verdict = await cluster.verdict(killedAt)
  figures.time('kill -9 under clocks an hour apart', 'a name without an owner, at most for', longest(verdict.gaps))
  expect(violations(afterTakeover(verdict))).toEqual([])
})

test('a node whose clock went back an hour between two of its lives takes part again', async ({ skip }) => {
  skip(noJumps !== undefined, noJumps)
  const from = monotonic()
  cluster.setClock('n3', -HOUR_MS)
  cluster.start('n3')
  await cluster.ready()
  await sleep(1000)
  const verdict = await cluster.verdict(from)
  expect(violations(verdict)).toEqual([])
})
