// The time-outs of one gen_statem: one for its state, one for its next event, and any number by name.
import { Envelope, type Process, type ProcessTimer } from '#process'
import type { Timeout } from './gen-statem-transition.ts'

/** Of a state, of an event, or a name's. */
export type TimerKey = 'stateTimeout' | 'eventTimeout' | `timeouts.${string}`

/** A time-out as plain data. */
export interface SavedTimeout {
  readonly key: TimerKey
  readonly remainingMs: number
  readonly content: unknown
}

/** The payload of the event that it delivers. */
export class RunningTimer {
  readonly key: TimerKey
  content: unknown
  timer: ProcessTimer | undefined

  constructor(key: TimerKey, content: unknown) {
    this.key = key
    this.content = content
  }
}

/** Setting one that runs starts it anew. One of 0 ms is delivered before anything else that comes from outside, and can be cancelled until then. */
export class StatemTimers {
  readonly #process: Process
  readonly #running = new Map<TimerKey, RunningTimer>()
  /** Those of 0 ms, in the order in which they were set. */
  readonly #zero: RunningTimer[] = []

  constructor(process: Process) {
    this.#process = process
  }

  set(key: TimerKey, timeout: Timeout): void {
    if (typeof timeout === 'object' && 'update' in timeout) this.#update(key, timeout.update)
    else if (typeof timeout === 'object') this.#start(key, timeout.ms, timeout.content)
    else if (timeout === 'infinity' || timeout === 'cancel') this.cancel(key)
    else this.#start(key, timeout, undefined)
  }

  #update(key: TimerKey, content: unknown): void {
    const running = this.#running.get(key)
    if (running === undefined) this.#start(key, 0, content)
    else running.content = content
  }

  #start(key: TimerKey, ms: number, content: unknown): void {
    this.cancel(key)
    if (ms !== 0) {
      this.#run(key, ms, content)
      return
    }
    const running = new RunningTimer(key, content)
    this.#zero.push(running)
    this.#running.set(key, running)
  }

  #run(key: TimerKey, ms: number, content: unknown): void {
    const running = new RunningTimer(key, content)
    // Before it is kept: a time that is none throws.
    running.timer = this.#process.deliverAfter(ms, new Envelope('internal', key, running))
    this.#running.set(key, running)
  }

  /** Those that run. */
  saved(): readonly SavedTimeout[] {
    return Array.from(this.#running.values(), ({ key, timer, content }) => {
      const remainingMs = timer?.remainingMs()
      return { key, remainingMs: remainingMs === false ? 0 : Math.ceil(remainingMs ?? 0), content }
    })
  }

  /** Sets one that was saved, `elapsedMs` ago. */
  restore({ key, remainingMs, content }: SavedTimeout, elapsedMs: number): void {
    this.#run(key, Math.max(0, remainingMs - elapsedMs), content)
  }

  cancel(key: TimerKey): void {
    const running = this.#running.get(key)
    if (running === undefined) return
    this.#running.delete(key)
    if (running.timer === undefined) this.#zero.splice(this.#zero.indexOf(running), 1)
    else running.timer.cancel()
  }

  /** It has fired; `false` if it was cancelled or set anew while its event waited. */
  expire(running: RunningTimer): boolean {
    return this.#running.get(running.key) === running && this.#running.delete(running.key)
  }

  /** The next of those that had no time to wait. */
  takeZero(): Envelope | undefined {
    const running = this.#zero.shift()
    if (running === undefined) return undefined
    this.#running.delete(running.key)
    return new Envelope('internal', running.key, running)
  }
}
