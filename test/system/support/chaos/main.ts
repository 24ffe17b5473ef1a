// A program: one node with all its telemetry, which does what it is told over HTTP: `POST /acts/<name>` with the act's argument.
import { createHttpServer, healthRoutes, listen, observerRoutes } from '#http'
import { startTelemetry } from '#observability'
import {
  application,
  describeExit,
  EventStream,
  localTopology,
  memoryStateStore,
  Node,
  type NodeEvents,
  NodeRef,
  nodeId,
  supervisor,
  systemClock,
} from '#otp-labs'
import { Broken, CHILDREN, Holder, Ledger, Lot, numbered, Poison, Shy } from './behaviours.ts'

/** What the test says on the command line. */
export interface ChaosSettings {
  readonly name: string
  readonly directory: string
}

/** Longer than a frame may be. */
const TOO_LARGE = 17 * 1024 * 1024

const { name, directory } = JSON.parse(process.argv[2] ?? '') as ChaosSettings
const incarnation = Date.now()
const events = new EventStream<NodeEvents>()
const telemetry = await startTelemetry({
  node: { id: nodeId(name, incarnation), name, version: '1.2.3', role: 'chaos', zone: 'a' },
  logLevel: 'info',
  // Its records are sent, and standard output is for the test.
  logDestination: { write: () => undefined },
  env: process.env,
})
const shop = application({ name: 'shop', start: () => supervisor({ name: 'shop', children: [] }) })
const node = new Node({
  name,
  incarnation,
  events,
  behaviours: [Lot, Ledger, Poison],
  topologies: [localTopology({ directory })],
  secret: 'the secret of the chaos',
  supervisor: { name: 'lots', maxRestarts: 3 },
  children: CHILDREN,
  applications: [shop],
  stateStore: memoryStateStore(),
  membersExpected: 3,
  version: '1.2.3',
  zone: 'a',
  tracing: telemetry.tracing,
  onCallMeasured: telemetry.callMeasured,
  onMessageMeasured: telemetry.messageMeasured,
})
telemetry.attach(events, () => node.snapshotInSlices())

/** What acts are given: each takes what it needs. */
interface Given {
  readonly id: string
  readonly behaviour: string
  readonly to: string
  readonly name: string
  readonly payload: number
  readonly timeoutMs: number
  readonly times: number
}

/** What it can be told to do; each answers in plain words or data. */
const acts: Readonly<Record<string, (given: Given) => unknown>> = {
  start: async ({ id, behaviour }) => {
    const [which] = [Lot, Ledger, Poison].filter((one) => one.name === behaviour)
    const result = await node.supervisor.startChild({ id, start: [which as typeof Lot, id] })
    return result.ok ? result.pid.node : describeExit(result.reason)
  },
  children: () => node.registry.entries().map(({ name: id, pid }) => ({ id, node: pid.node.split('.')[0] })),
  call: ({ to, name: call, payload, timeoutMs }) =>
    node.runtime.call(to, call, payload, timeoutMs).then(
      () => 'ok',
      (error: Error) => error.message,
    ),
  ask: ({ id, name: call }) =>
    node.runtime.call(Lot.named(id), call, undefined).then(
      () => 'ok',
      (error: Error) => error.message,
    ),
  crash: ({ id }) => node.runtime.send(Lot.named(id), 'cast', 'crash', undefined),
  cast: ({ to, name: cast, times }) => {
    for (let i = 0; i < times; i++) node.runtime.send(to, 'cast', cast, i)
  },
  /** More than a frame can take, to every peer. */
  shout: () => {
    const refused: string[] = []
    for (const { peer } of node.cluster.links) {
      try {
        node.runtime.send(new NodeRef(peer, 'clerk', 'clerk'), 'cast', 'note', 'x'.repeat(TOO_LARGE))
      } catch (error) {
        refused.push(String(error))
      }
    }
    return refused.length
  },
  /** By a process of its own: of two claims one process ends. */
  register: async ({ name: key }) => {
    const holder = await node.runtime.spawn(Holder.body, undefined, { cause: 'call' })
    return holder.ok && node.registry.register(key, holder.pid).ok
  },
  unregister: ({ name: key }) => node.registry.unregister(key),
  move: ({ id, to }) => node.supervisor.moveChild(id, to),
  spawn: async ({ behaviour }) => {
    const { body } = behaviour === 'shy' ? Shy : Broken
    return (await node.runtime.spawn(body, undefined, { cause: 'call' })).ok
  },
  /** So many behaviours that not each can have a label. */
  kinds: async ({ times }) => {
    for (let i = 0; i < times; i++) await node.runtime.spawn(numbered(i).body, undefined, { cause: 'call' })
  },
  /** Listens, and throws at the first fact. */
  clumsy: () => {
    events.subscribe('clumsy', {
      'registry.registered': () => {
        throw new Error('clumsy')
      },
    })
  },
  /** Gives everything away, and may be given something again. */
  drain: async () => {
    const { outcome } = await node.drain()
    node.resume()
    return { outcome }
  },
  closeShop: () => node.applications.stop(shop),
  members: () => node.cluster.alive.size,
  clusterPort: () => Number(node.cluster.address.split(':').at(-1)),
}

const app = createHttpServer({ clock: systemClock, events, tracing: telemetry.tracing, onUnexpected: () => undefined })
healthRoutes(app, { render: (accept) => telemetry.render(accept), isReady: () => node.isReady })
observerRoutes(app, node.parts)
app.post<{ Params: { act: string }; Body: Given }>('/acts/:act', async ({ params, body }) => {
  return { answer: (await acts[params.act]?.(body)) ?? null }
})
const address = await listen(app, '127.0.0.1', 0)
process.on('SIGTERM', () => {
  void node
    .stop('SIGTERM')
    .then(() => telemetry.shutdown(2000))
    .then(() => process.exit(0))
})
await node.start()
process.stdout.write(`ready ${address}\n`)
