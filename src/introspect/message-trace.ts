// Traces of messages: what a process, or all of a behaviour, takes up, noted for a while and up to a limit.
import type { Envelope, Process, Runtime } from '#process'
import { shown } from './shown.ts'
import { traceIdOf } from './trace-id.ts'

export interface TraceRequest {
  /** One process, or all of a behaviour. */
  readonly pid?: string | undefined
  readonly behaviour: string
  /** So many messages in all, and so many a second; the rest is counted. */
  readonly max: number
  readonly rate: number
  readonly ttlMs: number
}

export interface TracedMessage {
  readonly pid: string
  readonly behaviour: string
  /** Wall clock, ms. */
  readonly at: number
  readonly kind: string
  readonly name: string
  readonly waitMs: number
  readonly mailbox: number
  readonly trace: string | null
  /** Only where the behaviour lets it be seen. */
  readonly content?: unknown
}

export interface TracePart {
  readonly messages: readonly TracedMessage[]
  readonly skipped: number
  /** Why there will be no more. */
  readonly because: 'max' | 'ttl' | undefined
}

const MOST_TRACES = 16
/** Messages that wait to be fetched. */
const MOST_WAITING = 2000
const CONTENT = { bytes: 2048, values: 100, levels: 8 }

interface Trace {
  readonly request: TraceRequest
  readonly waiting: TracedMessage[]
  /** What the rate still allows in this second. */
  second: number
  inSecond: number
  taken: number
  skipped: number
  because: 'max' | 'ttl' | undefined
}

export class MessageTraces {
  readonly #runtime: Runtime
  readonly #traces = new Map<string, Trace>()
  #last = 0

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** Begins; answers the id by which it is read, `undefined` where as many run as may. It ends by itself, whether it is read or not. */
  begin(request: TraceRequest): string | undefined {
    if (this.#traces.size >= MOST_TRACES) return undefined
    const id = String(++this.#last)
    const trace: Trace = { request, waiting: [], second: 0, inSecond: 0, taken: 0, skipped: 0, because: undefined }
    this.#traces.set(id, trace)
    this.#watch(request.behaviour)
    const { clock } = this.#runtime
    clock.after(request.ttlMs, () => {
      this.#over(trace, 'ttl')
      // Time to fetch the rest.
      clock.after(request.ttlMs, () => this.end(id))
    })
    return id
  }

  /** What came since it was read last; `undefined`: there is no such trace. */
  read(id: string): TracePart | undefined {
    const trace = this.#traces.get(id)
    if (trace === undefined) return undefined
    const { because, skipped } = trace
    const messages = trace.waiting.splice(0)
    if (because !== undefined) this.end(id)
    return { messages, skipped, because }
  }

  end(id: string): void {
    const trace = this.#traces.get(id)
    if (trace === undefined) return
    this.#traces.delete(id)
    this.#watch(trace.request.behaviour)
  }

  #over(trace: Trace, because: 'max' | 'ttl'): void {
    trace.because ??= because
    this.#watch(trace.request.behaviour)
  }

  /** Sets, or takes away, what makes messages of a behaviour known. */
  #watch(behaviour: string): void {
    const traces = [...this.#traces.values()].filter(({ request, because }) => request.behaviour === behaviour && because === undefined)
    this.#runtime.counts(behaviour).watch =
      traces.length === 0
        ? undefined
        : (process, envelope) => {
            for (const trace of traces) this.#note(trace, process, envelope)
          }
  }

  #note(trace: Trace, process: Process, envelope: Envelope): void {
    const { request } = trace
    if (trace.because !== undefined || (request.pid !== undefined && process.pid.toString() !== request.pid)) return
    const { clock } = this.#runtime
    const second = Math.floor(clock.now() / 1000)
    if (second !== trace.second) {
      trace.second = second
      trace.inSecond = 0
    }
    if (++trace.inSecond > request.rate || trace.waiting.length >= MOST_WAITING) {
      trace.skipped++
      return
    }
    trace.waiting.push(this.#messageOf(process, envelope))
    if (++trace.taken >= request.max) this.#over(trace, 'max')
  }

  #messageOf(process: Process, envelope: Envelope): TracedMessage {
    const { kind, name, atMs, carrier, payload } = envelope
    const { body, runtime } = process
    return {
      pid: process.pid.toString(),
      behaviour: body.name,
      at: runtime.clock.wall(),
      kind,
      name,
      waitMs: Math.max(0, (runtime.timeMs - atMs) | 0),
      mailbox: process.depth,
      trace: traceIdOf(carrier),
      ...contentOf(() => body.observe?.message?.({ kind, name, payload })),
    }
  }
}

/** It runs inside the process that is traced: what the behaviour's code throws must not be its end. */
function contentOf(look: () => unknown): { content?: unknown } {
  try {
    const content = look()
    return content === undefined ? {} : { content: shown(content, CONTENT).value }
  } catch (error) {
    return { content: { error: String(error).slice(0, 200) } }
  }
}
