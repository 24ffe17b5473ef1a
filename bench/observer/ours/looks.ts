// Ours: one node with 100,000 processes under a dynamic supervisor, looked at over HTTP.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { EventStream, systemClock } from '#base'
import { Counter, startChildren, startSupervisor } from '#bench/local/ours/system.ts'
import { median } from '#bench/support/median.ts'
import { processorMs, runMeasure } from '#bench/support/program.ts'
import { createHttpServer, listen, observerRoutes } from '#http'
import { createNode, type Node, type NodeEvents, type Pid } from '#otp-labs'

const PROCESSES = 100_000
const LOOKS = 20
/** The first looks warm the code up. */
const WARMING_UP = 5
/** Longer than an answer is kept. */
const BETWEEN_MS = 1100
const WARM_MS = 2000
const MEASURED_MS = 5000
const ROUNDS = 4

interface Watched {
  readonly node: Node
  readonly address: string
  readonly pids: readonly Pid[]
}

async function watched(): Promise<Watched> {
  const node = await createNode({ name: 'bench' })
  const pids = await startChildren(node.runtime, await startSupervisor(node.runtime), Counter, PROCESSES)
  const fail = (error: Error) => {
    throw error
  }
  const app = createHttpServer({ clock: systemClock, events: new EventStream<NodeEvents>(), onUnexpected: fail })
  observerRoutes(app, node.parts, { requestsPerSecond: 1_000_000 })
  const address = await listen(app, '127.0.0.1', 0)
  return { node, address, pids }
}

/** The longest time between two turns of the event loop until `over` settles. */
function longestStretch(over: Promise<unknown>): Promise<number> {
  return new Promise((resolve, reject) => {
    let isOver = false
    let longest = 0
    let last = performance.now()
    // No promise a turn: its garbage would be what is measured.
    const turn = (): void => {
      const now = performance.now()
      longest = Math.max(longest, now - last)
      last = now
      if (isOver) resolve(longest)
      else setImmediate(turn)
    }
    over.then(() => {
      isOver = true
    }, reject)
    turn()
  })
}

/** Medians of how long an answer takes its client, which is an OS process of its own, and of the longest stretch meanwhile. */
async function look(what: string): Promise<{ ms: number; stretchMs: number }> {
  const { address } = await watched()
  globalThis.gc?.()
  const client = fork('bench/observer/ours/client.ts')
  const times: number[] = []
  const stretches: number[] = []
  for (let i = 0; i < LOOKS; i++) {
    await setTimeout(BETWEEN_MS)
    const answered = once(client, 'message')
    client.send(`${address}/observer/v1/${what}`)
    stretches.push(await longestStretch(answered))
    const [ms] = await answered
    times.push(ms)
  }
  client.kill()
  return { ms: median(times.slice(WARMING_UP)), stretchMs: median(stretches.slice(WARMING_UP)) }
}

/** By the processor time of the node's thread, all of which calls would have: what others on the machine do is not in it. */
async function callsPerSecond({ node, pids }: Watched, forMs: number): Promise<number> {
  let calls = 0
  const before = processorMs()
  const startedAt = performance.now()
  for (let elapsed = 0; elapsed < forMs; elapsed = performance.now() - startedAt) {
    for (let i = 0; i < 100; i++) await node.call(pids[calls++ % 1000] as Pid<typeof Counter>, 'add', 1)
  }
  return (calls / (processorMs() - before)) * 1000
}

function open({ address, pids }: Watched, pages: number): ChildProcess {
  return spawn(process.execPath, ['bench/observer/ours/page.ts', address, String(pages), String(pids[0])], { stdio: 'inherit' })
}

await runMeasure({
  processes: () => look('processes?limit=50'),
  rate: () => look('processes?sort=rate&limit=50'),
  tree: () => look('tree'),

  async 'looked-at'() {
    const node = await watched()
    await callsPerSecond(node, WARM_MS)
    const shares: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const alone = await callsPerSecond(node, MEASURED_MS)
      const pages = open(node, 10)
      await callsPerSecond(node, WARM_MS)
      const seen = await callsPerSecond(node, MEASURED_MS)
      pages.kill()
      await setTimeout(200)
      shares.push(seen / alone)
    }
    return { share: median(shares) }
  },
})
