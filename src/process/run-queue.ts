// Who runs next: processes with messages take turns, and the event loop gets its turn between them.
import type { Clock } from '#base'
import type { Process } from './process.ts'
import type { Tracing } from './tracing.ts'

/** Messages one process may handle before the next one runs: the counterpart of Erlang's reductions. */
const SLICE = 128
/** Messages all processes together may handle before sockets and timers get a turn. */
const TURN = 4096

/** Drains on the microtask queue, so that a message costs no trip through the event loop, until a turn's budget is used up. */
export class RunQueue {
  readonly #clock: Clock
  readonly #tracing: Tracing | undefined
  #ready: Process[] = []
  /** How many of them have had their turn in the drain under way. */
  #taken = 0
  #scheduled = false
  #budget = TURN
  #time = 0

  constructor(clock: Clock, tracing: Tracing | undefined) {
    this.#clock = clock
    this.#tracing = tracing
  }

  /** Processes that are ready, first come first served. */
  get ready(): readonly Process[] {
    return this.#ready.slice(this.#taken)
  }

  /** Monotonic ms, read when the queue wakes up and once a turn: the resolution in which messages have an age. */
  get time(): number {
    if (!this.#scheduled) this.#time = this.#clock.now()
    return this.#time
  }

  add(process: Process): void {
    process.status = 'ready'
    this.#ready.push(process)
    if (this.#scheduled) return
    this.#time = this.#clock.now()
    this.#scheduled = true
    queueMicrotask(this.#drain)
  }

  /** Detached, since the microtask was queued inside whatever trace the first message came from. */
  readonly #drain = (): void => {
    if (this.#tracing === undefined) this.#run()
    else this.#tracing.detached(this.#run)
  }

  readonly #run = (): void => {
    while (this.#taken < this.#ready.length && this.#budget > 0) {
      const process = this.#ready[this.#taken++] as Process
      this.#budget -= process.run(Math.min(SLICE, this.#budget))
    }
    if (this.#taken < this.#ready.length) {
      this.#ready.splice(0, this.#taken)
      this.#taken = 0
      this.#clock.soon(this.#nextTurn)
      return
    }
    this.#ready = []
    this.#taken = 0
    this.#scheduled = false
  }

  readonly #nextTurn = (): void => {
    this.#budget = TURN
    this.#time = this.#clock.now()
    this.#drain()
  }
}
