// Nodes that end and come back under load: one after the other in order, and all at once without a word.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { livesOf } from '#test/history/ownership.ts'
import { afterTakeover, inWords, longest, violations } from '#test/history/verdict.ts'
import { FaultCluster } from '../support/fault-cluster.ts'
import { Figures } from '../support/figures.ts'
import { monotonic } from '../support/monotonic.ts'
import { whyNoNetwork } from '../support/network.ts'

const missing = whyNoNetwork()
const figures = new Figures()
const LOTS = 1000
let cluster: FaultCluster

beforeAll(async () => {
  if (missing === undefined) cluster = await FaultCluster.start({ lots: LOTS })
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
  // Each lot has lived at least twice: otherwise nothing was asked of anybody.
  expect(livesOf(cluster.histories()).length).toBeGreaterThanOrEqual(2 * LOTS)
  expect(violations(afterTakeover(verdict))).toEqual([])
})

test('all nodes killed at once and started again: every name is there again, once', async () => {
  const from = monotonic()
  for (const process of cluster.running()) process.kill()
  await cluster.startAll(false)
  figures.time('all killed at once, started again', 'all names there after', monotonic() - from)
  // Each began by what it knew: what two have opened is on its way out in one.
  await sleep(500)
  const settledAt = monotonic()
  await sleep(1000)
  const verdict = await cluster.verdict(settledAt)
  expect(violations(verdict)).toEqual([])
})
