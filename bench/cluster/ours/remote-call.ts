// Ours: calls to a process of another node, in another OS process, over TCP on the loopback; and what links carry while nobody asks for anything.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Figures } from '#bench/support/bench.ts'
import { perSecond, runMeasure } from '#bench/support/program.ts'
import type { Node, Pid } from '#otp-labs'
import { farCounter, startCluster } from './cluster.ts'
import type { Counter } from './counter.ts'

const IN_SEQUENCE = 20_000
const AT_ONCE = 100_000
const CALLERS = 100
/** A cluster settles first; then it is watched for so long. */
const SETTLING_MS = 3000
const WATCHED_MS = 10_000

async function call(node: Node, pid: Pid<typeof Counter>, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await node.call(pid, 'add', 1)
}

async function rates(isEncrypted: boolean): Promise<Figures> {
  const cluster = await startCluster(1, isEncrypted)
  const pid = await farCounter(cluster)
  const run = (callers: number, count: number) =>
    perSecond(count, {
      prepare: () => undefined,
      run: () => Promise.all(Array.from({ length: callers }, () => call(cluster.near, pid, count / callers))),
    })
  return { sequence: await run(1, IN_SEQUENCE), atOnce: await run(CALLERS, AT_ONCE) }
}

/** The busier direction of the busier link of three nodes. */
async function idle(): Promise<Figures> {
  const { near } = await startCluster(2, false)
  await sleep(SETTLING_MS)
  const before = [...near.cluster.links].map(({ counts }) => ({ ...counts }))
  const startedAt = performance.now()
  await sleep(WATCHED_MS)
  const seconds = (performance.now() - startedAt) / 1000
  const rates = [...near.cluster.links].flatMap(({ counts }, i) => [
    (counts.bytesOut - (before[i]?.bytesOut ?? 0)) / seconds,
    (counts.bytesIn - (before[i]?.bytesIn ?? 0)) / seconds,
  ])
  return { bytesPerSecond: Math.max(...rates) }
}

await runMeasure({
  tcp: () => rates(false),
  tls: () => rates(true),
  idle,
})
