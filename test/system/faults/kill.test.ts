// kill -9: the lots of a node that was killed live elsewhere, each once, as soon as its connections have closed.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { takeoverOf } from '#test/history/takeover.ts'
import { afterTakeover, inWords, longest, violations } from '#test/history/verdict.ts'
import { FaultCluster } from '../support/fault-cluster.ts'
import { Figures } from '../support/figures.ts'
import { whyNoNetwork } from '../support/network.ts'

const missing = whyNoNetwork()
const figures = new Figures()

beforeEach(({ skip }) => skip(missing !== undefined, missing))
afterAll(() => figures.print())

/** Far above what is measured on a quiet machine: on a busy one a figure is noise, a takeover that waits for heartbeats is not. */
const FAR_TOO_LATE_MS = 3000

test.for([1000, 10_000])('kill -9 of one of three: all %i names live again, each once, and both others know', async (lots) => {
  const cluster = await FaultCluster.start({ lots })
  onTestFinished(() => cluster.stop())
  const { busiest, others } = await cluster.busiest()
  await Promise.all(others.map((name) => cluster.node(name).ask('watch', { everyMs: 5 })))
  await sleep(1000)
  const killedAt = cluster.node(busiest).kill()
  // Nobody is asked anything meanwhile: that would be measured, too.
  await sleep(2000)
  await cluster.settled(20_000)
  const verdict = await cluster.verdict(killedAt)
  const { lots: taken, closedAfterMs, livingAfterMs, seenAfterMs } = takeoverOf(cluster.histories(), busiest, killedAt, lots)
  const sinceClosed = (ms = Number.NaN) => ms - (closedAfterMs ?? Number.NaN)
  const what = `kill -9, ${lots} names`
  figures.count(what, 'taken over', taken)
  figures.time(what, 'connection closed after', closedAfterMs)
  figures.time(what, 'from there to the last child living', sinceClosed(livingAfterMs))
  figures.time(what, 'from there to both seeing all names', sinceClosed(seenAfterMs))
  figures.time(what, 'a name without an owner, at most for', longest(verdict.gaps))
  figures.words(what, inWords(verdict))
  expect(taken).toBeGreaterThan(lots / 4)
  expect(seenAfterMs).toBeLessThan(FAR_TOO_LATE_MS)
  expect(violations(afterTakeover(verdict))).toEqual([])
})
