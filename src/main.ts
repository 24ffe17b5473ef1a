// One node as an OS process: the only place where rooms, telemetry, the workload and HTTP are wired together.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { auctionRoutes, Lot } from '#auctions'
import { CodedError, EventStream, systemClock } from '#base'
import { defaultRuntimeDirectory, localSecret, nodeId, tlsFromFiles } from '#cluster'
import { type Config, readConfig } from '#config'
import { close, createHttpServer, healthRoutes, listen, observerRoutes } from '#http'
import { Node, startNode } from '#node'
import { startTelemetry, type Telemetry } from '#observability'
import { memoryStateStore, type NodeEvents, type StateStoreFactory, sqliteStateStore } from '#otp-labs'
import { topologyFrom } from './topologies.ts'

/** What telemetry may take of the shutdown, to send what it still holds. */
const FLUSH_WITHIN_MS = 3000

/** What ends the process, in order; filled as things are started, emptied from the end. */
const undo: (() => Promise<unknown>)[] = []
let telemetry: Telemetry | undefined
let isStopping = false

async function shutdown(reason: string, exitCode: number, timeoutMs: number): Promise<void> {
  if (isStopping) {
    telemetry?.logger.warn({ reason }, 'told to stop a second time: ending at once')
    process.exit(1)
  }
  isStopping = true
  systemClock.after(timeoutMs, () => {
    telemetry?.logger.error({ timeoutMs }, 'could not stop in time')
    process.exit(1)
  })
  for (const step of undo.toReversed()) {
    try {
      await step()
    } catch (error) {
      telemetry?.logger.error({ error: String(error) }, 'a step of the shutdown failed')
    }
  }
  process.exit(exitCode)
}

async function main(): Promise<void> {
  const config = readConfig(process.env)
  // First of all: the first process of a container ignores signals that nobody handles.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void shutdown(signal, 0, config.shutdownTimeoutMs))
  // A node that was started by another process does not outlive it.
  const onOrphaned = (): void => {
    // A shutdown under way goes on as it was: this is no second wish to stop.
    if (!isStopping) void shutdown('the process that started this node is gone', 0, config.shutdownTimeoutMs)
  }
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
    env: process.env,
  })
  undo.push(async () => telemetry?.shutdown(FLUSH_WITHIN_MS))
  const make = (which: number): Node => {
    const made = makeNode(config, { version, incarnation: which, events })
    made.onFailure = (reason) => {
      telemetry?.logger.fatal({ reason }, 'the node cannot go on')
      void shutdown(reason, 1, config.shutdownTimeoutMs)
    }
    return made
  }
  let node = make(incarnation)
  telemetry.attach(events, () => node.snapshot())
  const health = createHttpServer({ clock: systemClock, events, onUnexpected })
  healthRoutes(health, {
    render: (accept) => (telemetry as Telemetry).render(accept),
    isReady: () => node.isReady && !isStopping,
    metricsToken: config.tokens.metrics,
  })
  const metricsAddress = await listen(health, config.metricsHost, config.metricsPort)
  undo.push(() => close(health, systemClock))
  undo.push(() => node.stop('shutdown'))
  await startNode(node, (which) => {
    node = make(which)
    return node
  })
  const app = createHttpServer({
    clock: systemClock,
    events,
    tracing: telemetry.tracing,
    onUnexpected,
  })
  observerRoutes(app, node.parts, { readToken: config.tokens.read, manageToken: config.tokens.manage, links: config.links })
  auctionRoutes(app, { node, chaosAllowed: config.chaosAllowed })
  const httpAddress = await listen(app, config.httpHost, config.httpPort)
  undo.push(() => close(app, systemClock))
  // The channel may close while this is on its way; the disconnect says what that means.
  process.send?.({ type: 'ready', name, http: httpAddress, metrics: `${metricsAddress}/metrics` }, () => undefined)
  telemetry.logger.info({ http: httpAddress, metrics: metricsAddress, cluster: node.cluster.address }, 'ready')
}

function makeNode(config: Config, own: { version: string; incarnation: number; events: EventStream<NodeEvents> }): Node {
  const directory = config.runtimeDirectory ?? defaultRuntimeDirectory()
  return new Node({
    name: config.name,
    cluster: config.cluster,
    behaviours: [Lot],
    topologies: config.topologies.map((topology) => topologyFrom(topology, config)),
    secret: config.secret ?? localSecret(directory),
    ...(config.tls === undefined ? {} : { tls: tlsFromFiles(config.tls) }),
    host: config.clusterHost,
    port: config.clusterPort,
    supervisor: { name: 'lots', maxRestarts: config.maxRestarts, periodMs: config.restartPeriodMs },
    role: config.role,
    zone: config.zone,
    ...own,
    ...storeOf(config, directory),
    ...(config.membersExpected === undefined ? {} : { membersExpected: config.membersExpected }),
    tracing: telemetry?.tracing,
    ...(telemetry === undefined ? {} : { onCallMeasured: telemetry.callMeasured }),
  })
}

function storeOf(config: Config, runtimeDirectory: string): { stateStore?: StateStoreFactory } {
  if (config.stateStore === 'memory') return { stateStore: memoryStateStore({ copies: config.stateCopies }) }
  if (config.stateStore === 'none') return {}
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
