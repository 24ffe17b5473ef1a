// What is measured: a runtime as a node has it, watched by as much as a mode says.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { EventStream, systemClock } from '#base'
import type { Figures } from '#bench/support/bench.ts'
import { startTelemetry, type Telemetry } from '#observability'
import type { NodeEvents } from '#otp-labs'
import { detachedClock, Runtime } from '#process'
import { EventLog } from '#src/introspect/event-log.ts'
import { eventLogTable } from '#src/node-events.ts'

/**
 * How much watches: nothing; metrics, logs and the event log; besides them traces, of which none, one in a hundred or all requests are
 * kept; and all, with a span for every spawn and restart however many there are.
 */
export const MODES = ['nothing', 'metrics', 'unsampled', 'one-percent', 'all', 'unaggregated'] as const
export type Mode = (typeof MODES)[number]

const RATIOS: Readonly<Partial<Record<Mode, string>>> = { unsampled: '0', 'one-percent': '0.01', all: '1', unaggregated: '1' }

/** A watched runtime; without telemetry where nothing watches. */
export interface Watched {
  readonly runtime: Runtime
  readonly telemetry: Telemetry | undefined
}

const ID = 'bench.1'

export async function watched(mode: Mode): Promise<Watched> {
  const events = new EventStream<NodeEvents>()
  if (mode === 'nothing') return { runtime: new Runtime({ id: ID, clock: systemClock, events }), telemetry: undefined }
  const ratio = RATIOS[mode]
  if (ratio !== undefined) {
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${await collectorPort()}`
    process.env['OTEL_TRACES_SAMPLER'] = 'parentbased_traceidratio'
    process.env['OTEL_TRACES_SAMPLER_ARG'] = ratio
  }
  const telemetry = await startTelemetry({
    node: { id: ID, name: 'bench', version: '0', role: 'node', zone: '' },
    logLevel: 'info',
    logDestination: { write: () => undefined },
    env: process.env,
    ...(mode === 'unaggregated' ? { burstLimit: Number.POSITIVE_INFINITY } : {}),
  })
  const { tracing } = telemetry
  const runtime = new Runtime({ id: ID, clock: tracing === undefined ? systemClock : detachedClock(systemClock, tracing), events, tracing })
  telemetry.attach(events, () => {
    throw new Error('nobody scrapes this benchmark')
  })
  events.subscribe('event-log', eventLogTable(new EventLog(() => systemClock.wall())))
  runtime.onCallMeasured = telemetry.callMeasured
  runtime.onMessageMeasured = telemetry.messageMeasured
  return { runtime, telemetry }
}

async function collectorPort(): Promise<number> {
  const collector = fork(new URL('./collector.ts', import.meta.url), { execArgv: [] })
  const [port] = (await once(collector, 'message')) as [number]
  collector.unref()
  collector.channel?.unref()
  return port
}

/** One measure for each mode, by names such as `call-metrics`. */
export const inEveryMode = (name: string, measure: (mode: Mode) => Promise<Figures>): Record<string, () => Promise<Figures>> =>
  Object.fromEntries(MODES.map((mode) => [`${name}-${mode}`, () => measure(mode)]))
