// Long silences, side by side in two clusters: a partition of 20 s, and a node that stands still for 30 s (SIGSTOP) and goes on.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { staleBids } from '#test/history/ownership.ts'
import { takeoverOf } from '#test/history/takeover.ts'
import { inWords, lastDoubleAfter, longest, violations } from '#test/history/verdict.ts'
import { FaultCluster } from '../support/fault-cluster.ts'
import { Figures } from '../support/figures.ts'
import { monotonic } from '../support/monotonic.ts'
import { whyNoNetwork } from '../support/network.ts'

const missing = whyNoNetwork()
const figures = new Figures()
const LOTS = 1000
/** Silence after which a node is down (5 s), and two ticks more. */
const TAKEN_OVER_WITHIN_MS = 7000

beforeEach(({ skip }) => skip(missing !== undefined, missing))
afterAll(() => figures.print())

describe.concurrent('silence', () => {
  test('a partition of 20 s: 1 s after it has healed every name lives once', async () => {
    const cluster = await FaultCluster.start({ lots: LOTS })
    onTestFinished(() => cluster.stop())
    const from = monotonic()
    const heal = cluster.network.isolate('n3')
    await sleep(20_000)
    heal()
    const healedAt = monotonic()
    await sleep(1000)
    const afterASecond = monotonic()
    await sleep(500)
    await cluster.settled(15_000)
    const whole = await cluster.verdict(from)
    figures.time('partition of 20 s', 'two owners, at most for', longest(whole.doubles))
    figures.time('partition of 20 s', 'two owners, at last after the heal', lastDoubleAfter(whole, healedAt))
    figures.words('partition of 20 s', inWords(whole))
    // Both sides went on: otherwise this says nothing.
    expect(new Set(whole.doubles.map(({ lot }) => lot)).size).toBe(LOTS)
    expect(violations(await cluster.verdict(afterASecond))).toEqual([])
  })

  test('SIGSTOP for 30 s: taken over within 7 s; 1 s after SIGCONT nothing is owned twice, and nothing that was lost has been served', async () => {
    const cluster = await FaultCluster.start({ lots: LOTS })
    onTestFinished(() => cluster.stop())
    const { busiest } = await cluster.busiest()
    const paused = cluster.node(busiest)
    const pausedAt = paused.pause()
    await sleep(30_000)
    const resumedAt = paused.resume()
    await sleep(1000)
    const afterASecond = monotonic()
    await sleep(500)
    await cluster.settled(15_000)
    const whole = await cluster.verdict(pausedAt)
    const histories = cluster.histories()
    const stale = staleBids(histories, resumedAt).filter(({ life }) => life.node === busiest)
    const { lots, livingAfterMs } = takeoverOf(histories, busiest, pausedAt, LOTS)
    figures.time('SIGSTOP for 30 s', 'its lots live elsewhere after', livingAfterMs)
    figures.time('SIGSTOP for 30 s', 'two owners, at last after SIGCONT', lastDoubleAfter(whole, resumedAt))
    figures.count('SIGSTOP for 30 s', 'bids it took on lots it had lost', stale.length)
    figures.words('SIGSTOP for 30 s', inWords(whole))
    expect(lots).toBeGreaterThan(LOTS / 4)
    expect(livingAfterMs).toBeLessThan(TAKEN_OVER_WITHIN_MS)
    expect(violations(await cluster.verdict(afterASecond))).toEqual([])
    expect(stale.slice(0, 5).map(({ bid, lot, at }) => `${lot} took ${bid} ${(at - resumedAt).toFixed(0)} ms after SIGCONT`)).toEqual([])
  })
})
