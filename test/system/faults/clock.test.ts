// Wall clocks that jump while nodes run, that are hours apart, and that went back between two lives of a node; monotonic clocks never do.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { entriesOf } from '#test/history/history.ts'
import { takeoverOf } from '#test/history/takeover.ts'
import { afterTakeover, violations } from '#test/history/verdict.ts'
import { FaultCluster } from '../support/fault-cluster.ts'
import { monotonic } from '../support/monotonic.ts'
import { whyNoNetwork } from '../support/network.ts'
import { whyNoJumps } from '../support/wall-clocks.ts'

const missing = whyNoNetwork() ?? whyNoJumps()
const LOTS = 1000
const HOUR_MS = 3_600_000
let cluster: FaultCluster
/** The node that was killed. */
let gone: string

beforeAll(async () => {
  if (missing === undefined) cluster = await FaultCluster.start({ lots: LOTS, canJump: true })
})
beforeEach(({ skip }) => skip(missing !== undefined, missing))
afterAll(() => cluster?.stop())

test('wall clocks that jump by an hour, forth and back, make nobody down and move nothing', async () => {
  const from = monotonic()
  cluster.clocks.set('n1', HOUR_MS)
  cluster.clocks.set('n2', -HOUR_MS)
  await sleep(2500)
  cluster.clocks.set('n1', -HOUR_MS)
  await sleep(2500)
  const walls = cluster.histories().map(({ entries }) => entries.map(({ wall, at }) => wall - at))
  expect(walls.filter((of) => Math.max(...of) - Math.min(...of) > HOUR_MS / 2)).toHaveLength(2)
  const verdict = await cluster.verdict(from)
  const changes = entriesOf(cluster.histories(), 'event').filter(({ at, type }) => at >= from && type === 'cluster.member_changed')
  expect(changes.filter(({ data }) => data.change === 'down').map(({ data }) => data)).toEqual([])
  expect(violations(verdict)).toEqual([])
})

test('clocks that are hours apart decide nothing about a takeover: each name lives again, once', async () => {
  gone = (await cluster.busiest()).busiest
  const killedAt = cluster.node(gone).kill()
  await cluster.settled(10_000)
  await sleep(1000)
  const verdict = await cluster.verdict(killedAt)
  expect(takeoverOf(cluster.histories(), gone, killedAt, LOTS).lots).toBeGreaterThan(LOTS / 4)
  expect(violations(afterTakeover(verdict))).toEqual([])
})

test('a node whose clock went back an hour or more between two of its lives takes part again', async () => {
  const from = monotonic()
  // Two hours and not one: its clock may have been an hour behind already.
  cluster.clocks.set(gone, -2 * HOUR_MS)
  cluster.start(gone)
  await cluster.ready()
  await sleep(1000)
  const verdict = await cluster.verdict(from)
  expect(violations(verdict)).toEqual([])
})
