// One node as an OS process: the only place where rooms, telemetry, the workload and HTTP are wired together.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { auctionRoutes, chaosRoutes, Lot, Stone } from '#auctions'
import { CodedError, EventStream, systemClock, systemRandom } from '#base'
import { CuttableTransport, defaultRuntimeDirectory, localSecret, nodeId, type Transport, tlsFromFiles } from '#cluster'
import { type Config, readConfig } from '#config'
import { STRATEGIES } from '#distributed'
import { close, createHttpServer, healthRoutes, listen, loopbackOnly, observerRoutes, pageRoutes } from '#http'
import { arbiterSnapshot } from '#introspect'
import { Node, startNode } from '#node'
import { type LogLevel, startTelemetry, type Telemetry } from '#observability'
import {
  type Controls,
  type DistributionStrategy,
  memoryStateStore,
  type NodeEvents,
  type NodeId,
  type NodeOptions,
  type StateStoreFactory,
  sqliteStateStore,
  type TraceScope,
} from '#otp-labs'
import { tcp } from './node-transport.ts'
import { Shutdown } from './shutdown.ts'
import { SHUTDOWN_BUDGET } from './shutdown-budget.ts'
import { topologyFrom } from './topologies.ts'

let telemetry: Telemetry | undefined
const shutdown = new Shutdown({
  clock: systemClock,
  exit: (code) => process.exit(code),
  log: (level, fields, text) => telemetry?.logger[level](fields, text),
})

async function main(): Promise<void> {
  const config = readConfig(process.env)
  // First of all: the first process of a container ignores signals that nobody handles.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => shutdown.wish(signal))
  shutdown.withinMs = config.shutdownTimeoutMs
  // A node that was started by another process does not outlive it. A shutdown under way goes on as it was: this is no second wish to stop.
  const onOrphaned = (): void => shutdown.begin('the process that started this node is gone', 0)
  process.on('disconnect', onOrphaned)
  // It may have been gone before anybody listened.
  if (process.send !== undefined && !process.connected) onOrphaned()
  const version = config.version ?? packageVersion()
  const incarnation = systemClock.wall()
  const { name, role, zone } = config
  const events = new EventStream<NodeEvents>()
  telemetry = await startTelemetry({
    node: { id: nodeId(name, incarnation), name, version, role, zone },
    logLevel: config.logLevel,
    logBurst: config.logBurst,
    sampling: samplingOf(config),
    untraceable: config.untraceable,
    env: process.env,
  })
  shutdown.add(async () => telemetry?.shutdown(SHUTDOWN_BUDGET.flushMs))
  const engine = await onNats(config)
  const make = (which: number): Node => {
    const made = makeNode(config, { version, incarnation: which, events, ...engine })
    made.onFailure = (reason) => {
      telemetry?.logger.fatal({ reason }, 'the node cannot go on')
      shutdown.begin(reason, 1)
    }
    return made
  }
  let node = make(incarnation)
  telemetry.attach(events, () => node.snapshotInSlices())
  const isEnding = () => shutdown.isUnderWay
  const health = createHttpServer({ clock: systemClock, events, onUnexpected, isEnding })
  healthRoutes(health, {
    render: (accept) => (telemetry as Telemetry).render(accept),
    isReady: () => node.isReady && !isEnding(),
    lease: () => arbiterSnapshot(node.parts.arbiter),
    metricsToken: config.tokens.metrics,
  })
  const metricsAddress = await listen(health, config.metricsHost, config.metricsPort)
  shutdown.add((hastened) => close(health, systemClock, SHUTDOWN_BUDGET.requestsMs, hastened))
  shutdown.add((hastened) => node.stop('shutdown', { signal: hastened }))
  await startNode(node, (which) => {
    node = make(which)
    return node
  })
  const app = createHttpServer({
    clock: systemClock,
    events,
    tracing: telemetry.tracing,
    onUnexpected,
    isEnding,
  })
  loopbackOnly(app, ['/chaos'])
  observerRoutes(app, node.parts, {
    readToken: config.tokens.read,
    manageToken: config.tokens.manage,
    links: config.links,
    page: pageRoutes,
  })
  auctionRoutes(app, { node })
  chaosRoutes(app, { node, isAllowed: config.chaosAllowed, cut: (peer, ms) => cuttable?.cut(peer, ms) })
  const httpAddress = await listen(app, config.httpHost, config.httpPort)
  shutdown.add((hastened) => close(app, systemClock, SHUTDOWN_BUDGET.requestsMs, hastened))
  // Before the server closes: until all children are elsewhere it answers for them.
  shutdown.add((hastened) => node.leave('shutdown', { signal: hastened }))
  // The channel may close while this is on its way; the disconnect says what that means.
  process.send?.({ type: 'ready', name, http: httpAddress, metrics: `${metricsAddress}/metrics` }, () => undefined)
  telemetry.logger.info({ http: httpAddress, metrics: metricsAddress, cluster: node.cluster.address }, 'ready')
}

/** This node's links, where they may be cut. */
let cuttable: CuttableTransport | undefined

function makeNode(config: Config, own: Pick<NodeOptions, 'version' | 'incarnation' | 'events' | 'stateStore' | 'arbiter'>): Node {
  const directory = config.runtimeDirectory ?? defaultRuntimeDirectory()
  const links = {
    cluster: config.cluster,
    secret: config.secret ?? localSecret(directory),
    ...(config.tls === undefined ? {} : { tls: tlsFromFiles(config.tls) }),
    host: config.clusterHost,
    port: config.clusterPort,
  }
  const transport = (id: NodeId): Transport => {
    cuttable = new CuttableTransport(tcp(links, id, systemClock, systemRandom), systemClock)
    return cuttable
  }
  return new Node({
    name: config.name,
    behaviours: config.chaosAllowed ? [Lot, Stone] : [Lot],
    topologies: config.topologies.map((topology) => topologyFrom(topology, config)),
    ...links,
    ...(config.chaosAllowed ? { transport } : {}),
    supervisor: {
      name: 'lots',
      ...strategyOf(config),
      maxRestarts: config.maxRestarts,
      periodMs: config.restartPeriodMs,
      processRedistribution: config.processRedistribution,
      rebalance: config.rebalance,
      handoff: config.handoff,
    },
    role: config.role,
    zone: config.zone,
    ...storeOf(config, directory),
    ...own,
    ...(config.membersExpected === undefined ? {} : { membersExpected: config.membersExpected }),
    tracing: telemetry?.tracing,
    ...(telemetry === undefined ? {} : watched(telemetry)),
  })
}

/** What telemetry hears of messages beside facts, and what an operator may change of how much it says. */
function watched({ controls, logs, callMeasured, messageMeasured }: Telemetry): Partial<NodeOptions> {
  const ofOperators: Controls = {
    setSampling: (scope, ratio) => {
      if (!(scope in controls.sampling)) return false
      controls.setSampling(scope as TraceScope, ratio)
      return true
    },
    setLogLevel: (level) => logs.setLevel(level as LogLevel),
  }
  return { controls: ofOperators, onCallMeasured: callMeasured, onMessageMeasured: messageMeasured }
}

function strategyOf({ placement }: Config): { strategy?: DistributionStrategy } {
  const strategy = STRATEGIES.find(({ name }) => name === placement)
  return strategy === undefined ? {} : { strategy }
}

function samplingOf({ traceRatios: { message, lifecycle, cluster } }: Config): Parameters<typeof startTelemetry>[0]['sampling'] {
  return { 'otp.lifecycle': lifecycle, 'otp.cluster': cluster, ...(message === undefined ? {} : { 'otp.message': message }) }
}

/** What rests on NATS; it is connected before there is a node, and closed when there is none any more. */
async function onNats({
  nats: settings,
  arbiter,
  arbiterLeaseMs,
  stateStore,
}: Config): Promise<Pick<NodeOptions, 'arbiter' | 'stateStore'>> {
  if (settings === undefined) return {}
  // Only here: who needs no NATS does without its client.
  const { connectNats } = await import('#nats')
  const nats = await connectNats(settings)
  shutdown.add(() => nats.close())
  return {
    ...(arbiter === 'nats' ? { arbiter: await nats.arbiter({ leaseMs: arbiterLeaseMs }) } : {}),
    ...(stateStore === 'nats' ? { stateStore: await nats.stateStore() } : {}),
  }
}

function storeOf(config: Config, runtimeDirectory: string): { stateStore?: StateStoreFactory } {
  if (config.stateStore === 'memory') return { stateStore: memoryStateStore({ copies: config.stateCopies }) }
  if (config.stateStore === 'none' || config.stateStore === 'nats') return {}
  return { stateStore: sqliteStateStore({ directory: config.stateDirectory ?? join(runtimeDirectory, 'state') }) }
}

function onUnexpected(error: Error): void {
  telemetry?.logger.error({ error: error.stack }, 'a request failed in a way nobody foresaw')
}

function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  return manifest.version
}

main().catch((error: unknown) => {
  const text = error instanceof CodedError ? `${error.code}: ${error.message}` : error instanceof Error ? error.stack : String(error)
  process.stderr.write(`${text}\n`)
  process.exit(1)
})
