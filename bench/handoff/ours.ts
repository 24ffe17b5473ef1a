// Ours: one of three nodes leaves with all its children, which go on at the two others with their state.
import { setTimeout as sleep } from 'node:timers/promises'
import { withCluster } from '#bench/cluster/ours/members.ts'
import type { Figures } from '#bench/support/bench.ts'
import { quantile } from '#bench/support/median.ts'
import { runMeasure } from '#bench/support/program.ts'

const BYTES = 1024
/** On each of the two nodes that stay. */
const CALLERS = 10
/** The callers call before the node leaves, and after it has left. */
const CALM_MS = 500

/** The children belong to one node, which is alone when they start: when two others come they stay where they are. */
function drain(count: number): Promise<Figures> {
  return withCluster(async (start) => {
    const leaver = start('n1')
    await leaver.started
    await leaver.ask('startParcels', count, BYTES)
    const stayers = [start('n2'), start('n3')]
    await Promise.all(stayers.map(({ started }) => started))
    await Promise.all([leaver, ...stayers].map((member) => member.ask('formed', 3)))
    await Promise.all(stayers.map((member) => member.ask('knows', count)))
    await Promise.all(stayers.map((member) => member.ask('watch', count, CALLERS)))
    await sleep(CALM_MS)
    const { drainMs, stopMs, moved, held } = await leaver.ask('leave')
    await sleep(CALM_MS)
    const watched = await Promise.all(stayers.map((member) => member.ask('watched')))
    const there = await Promise.all(stayers.map((member) => member.ask('parcels')))
    const failures = watched.flatMap((each) => each.failures)
    for (const [failure, of] of Map.groupBy(failures, (text) => text)) process.stderr.write(`${of.length} x ${failure}\n`)
    return {
      drainMs,
      stopMs,
      heldP50: quantile(held, 0.5),
      heldP99: quantile(held, 0.99),
      heldMax: Math.max(...held),
      notMoved: count - moved,
      notThere: count - there.reduce((sum, each) => sum + each.count, 0),
      calls: watched.reduce((sum, each) => sum + each.calls, 0),
      failed: failures.length,
      callP99: Math.max(...watched.map((each) => each.callP99)),
      callMax: Math.max(...watched.map((each) => each.callMax)),
      lagP99: Math.max(...watched.map((each) => each.lagP99)),
      lagMax: Math.max(...watched.map((each) => each.lagMax)),
    }
  })
}

await runMeasure({ 'drain-10k': () => drain(10_000) })
