// A program: ten times 100,000 processes under a dynamic supervisor, each asked once and stopped; prints what is left as JSON.
import { EventStream, systemClock } from '#base'
import { dynamicSupervisor, genServer, reply } from '#otp'
import { type Pid, type ProcessEvents, Runtime } from '#process'

const ROUNDS = 10
const AT_ONCE = 100_000

const Counter = genServer({ name: 'counter', init: (start: number) => start, calls: { next: (count) => reply(count, count + 1) } })
const runtime = new Runtime({ id: 'n1.abc', clock: systemClock, events: new EventStream<ProcessEvents>() })
const started = await runtime.spawn(dynamicSupervisor({ name: 'children' }).body, undefined, { cause: 'boot' })
if (!started.ok) throw new Error('the supervisor did not start')
const supervisor = started.pid
const alone = runtime.processCount

async function round(): Promise<{ mostAtOnce: number; answered: number }> {
  const pids: Pid[] = []
  for (let i = 0; i < AT_ONCE; i++) {
    const child = (await runtime.call(supervisor, 'startChild', { id: `c${i}`, start: [Counter, i] })) as { ok: true; pid: Pid }
    pids.push(child.pid)
  }
  const mostAtOnce = runtime.processCount - alone
  let answered = 0
  for (const [i, pid] of pids.entries()) if ((await runtime.call(pid, 'next', undefined)) === i) answered++
  for (let i = 0; i < AT_ONCE; i++) await runtime.call(supervisor, 'terminateChild', `c${i}`)
  return { mostAtOnce, answered }
}

function heap(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

// The first round makes what stays for good: compiled code, tables that have grown.
let last = await round()
const heapBefore = heap()
for (let i = 1; i < ROUNDS; i++) last = await round()
const report = { started: ROUNDS * AT_ONCE, ...last, leftOver: runtime.processCount - alone, heapBefore, heapAfter: heap() }
process.stdout.write(JSON.stringify(report))
