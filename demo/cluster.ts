// Two nodes of the auctions in one OS process, linked over TCP, whose spans are kept in memory.
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { NodeSDK } from '@opentelemetry/sdk-node'
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { auctionRoutes, chaosRoutes, Lot } from '#auctions'
import { close, createHttpServer, listen } from '#http'
import { createTracing } from '#observability/context.ts'
import { resourceOf } from '#observability/resource.ts'
import { Sampling } from '#observability/traces/controls.ts'
import { createTraces } from '#observability/traces.ts'
import { createNode, EventStream, type Node, type NodeEvents, staticTopology, systemClock } from '#otp-labs'

/** Answers under way may take so long when it ends, in ms. */
const CLOSE_WITHIN_MS = 1000

/** A node and where it is spoken to. */
export interface TracedNode {
  readonly node: Node
  /** `http://127.0.0.1:40123`. */
  readonly url: string
  stop(): Promise<void>
}

/** What the nodes share: OpenTelemetry has one context manager an OS process. */
export interface Traced {
  readonly spans: () => readonly ReadableSpan[]
  start(name: string, peers: readonly TracedNode[]): Promise<TracedNode>
  end(): Promise<void>
}

const SECRET = 'two nodes of one OS process'

/** Starts what makes and keeps spans; all of them. */
export function traced(): Traced {
  const contexts = new AsyncLocalStorageContextManager()
  const sdk = new NodeSDK({
    contextManager: contexts,
    autoDetectResources: false,
    spanProcessors: [],
    metricReaders: [],
    logRecordProcessors: [],
  })
  sdk.start()
  const memory = new InMemorySpanExporter()
  const processor = new SimpleSpanProcessor({ exporter: memory })
  return {
    spans: () => memory.getFinishedSpans(),
    start: (name, peers) => startNode(name, peers, contexts, processor),
    end: () => sdk.shutdown(),
  }
}

async function startNode(
  name: string,
  peers: readonly TracedNode[],
  contexts: AsyncLocalStorageContextManager,
  processor: SpanProcessor,
): Promise<TracedNode> {
  const resource = resourceOf({ id: name, name, version: '0', role: 'node', zone: '' })
  const provider = new TracerProvider({ resource, sampler: new AlwaysOnSampler(), spanProcessors: [processor] })
  const message = provider.getTracer('otp.message')
  const lifecycle = provider.getTracer('otp.lifecycle')
  const cluster = provider.getTracer('otp.cluster')
  const sampling = new Sampling()
  const tracing = createTracing({ edge: message, message, cluster, contexts, sampling })
  const events = new EventStream<NodeEvents>()
  events.subscribe('traces', createTraces({ lifecycle, cluster, sampling }).table)
  const node = await createNode({
    name,
    cluster: 'demo-trace',
    secret: SECRET,
    behaviours: [Lot],
    topologies: [staticTopology({ addresses: peers.map((peer) => peer.node.cluster.address) })],
    events,
    tracing,
  })
  const app = createHttpServer({
    clock: systemClock,
    events,
    tracing,
    onUnexpected: (error) => {
      throw error
    },
  })
  auctionRoutes(app, { node })
  chaosRoutes(app, { node, isAllowed: true, cut: () => undefined })
  const url = await listen(app, '127.0.0.1', 0)
  return {
    node,
    url,
    stop: async () => {
      await close(app, systemClock, CLOSE_WITHIN_MS)
      await node.stop()
    },
  }
}
