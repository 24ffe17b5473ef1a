// What is measured: a runtime as a node has it, with nothing observing or with all that observes a node in production.
import { EventStream, systemClock } from '#base'
import { startTelemetry } from '#observability'
import { type AnyBehaviour, dynamicSupervisor, genServer, reply } from '#otp'
import type { NodeEvents } from '#otp-labs'
import { describeExit, type Pid, Runtime, type StartResult } from '#process'
import { EventLog } from '#src/introspect/event-log.ts'
import { eventLogTable } from '#src/node-events.ts'

/** A process that counts: as small as a server with a state gets. */
export const Counter = genServer({
  name: 'counter',
  init: (start: number) => start,
  calls: { add: (count, by: number) => reply(count + by, count + by) },
  casts: { add: (count, by: number) => count + by },
})

const ID = 'bench.1'

/** Observed: metrics, logs at level info that are written nowhere, and the event log; no traces, since nobody collects them. */
export async function startRuntime(observed: boolean): Promise<Runtime> {
  const events = new EventStream<NodeEvents>()
  const runtime = new Runtime({ id: ID, clock: systemClock, events })
  if (!observed) return runtime
  const telemetry = await startTelemetry({
    node: { id: ID, name: 'bench', version: '0', role: 'node', zone: '' },
    logLevel: 'info',
    logDestination: { write: () => undefined },
    env: {},
  })
  const noSnapshot = (): never => {
    throw new Error('nobody scrapes a benchmark')
  }
  telemetry.attach(events, noSnapshot)
  events.subscribe('event-log', eventLogTable(new EventLog(() => systemClock.wall())))
  runtime.onCallMeasured = telemetry.callMeasured
  runtime.onMessageMeasured = telemetry.messageMeasured
  return runtime
}

/** More restarts than any measure makes. */
const UNLIMITED = { maxRestarts: 1_000_000, periodMs: 5000 }

/** Starts a dynamic supervisor that bears any number of restarts; `onRestarted` is told when a child runs again. */
export async function startSupervisor(runtime: Runtime, onRestarted: (id: string, pid: Pid) => void = () => undefined): Promise<Pid> {
  return pidOf(await runtime.spawn(dynamicSupervisor({ name: 'children', ...UNLIMITED, onRestarted }).body, undefined, { cause: 'boot' }))
}

/** Starts `count` children one after the other, as `DynamicSupervisor.start_child` does: each start waits for the one before. */
export async function startChildren(runtime: Runtime, supervisor: Pid, behaviour: AnyBehaviour, count: number): Promise<Pid[]> {
  const pids: Pid[] = []
  for (let i = 0; i < count; i++) {
    const start = { spec: { id: `child-${i}`, start: [behaviour, 0] }, cause: 'call' }
    pids.push(pidOf((await runtime.call(supervisor, 'startChild', start)) as StartResult))
  }
  return pids
}

/** The one child of a new supervisor. */
export async function startCounter(runtime: Runtime): Promise<Pid> {
  const [pid] = await startChildren(runtime, await startSupervisor(runtime), Counter, 1)
  return pid as Pid
}

function pidOf(result: StartResult): Pid {
  if (result.ok) return result.pid
  throw new Error(`a start failed: ${describeExit(result.reason)}`)
}
