// Who runs next: processes with messages take turns, and the event loop gets its turn between them.
import type { Clock } from '#base'
import type { Process } from './process.ts'
import type { Tracing } from './tracing.ts'

/** Messages one process may handle before the next one runs: the counterpart of Erlang's reductions. */
const SLICE = 128
/** What all processes together may do before sockets and timers get a turn: so many messages, and so long. */
const TURN = 4096
const TURN_MS = 10
/** The clock is looked at once in so many messages: each look costs a quarter of a message. */
export const LOOK_EVERY = 8

/** To wait for a settled promise is the cheapest way to the microtask queue; Node's `queueMicrotask` does more for who follows asynchronous calls. */
const SETTLED = Promise.resolve()

/** Drains on the microtask queue, so that a message costs no trip through the event loop, until a turn's budget is used up. */
export class RunQueue {
  readonly #clock: Clock
  readonly #tracing: Tracing | undefined
  /** A chain through the processes themselves: to queue allocates nothing. */
  #first: Process | undefined
  #last: Process | undefined
  #scheduled = false
  #budget = TURN
  #sinceLook = 0
  #time = 0
  #timeMs = 0
  /** When the event loop is known to have turned, and since when it has been asked whether it does. */
  #turnedAt = 0
  #askedAt: number | undefined

  /** Later than this (monotonic ms) the node must have stood still: then `onLate` is asked before anything runs. */
  lateAt = Number.POSITIVE_INFINITY
  onLate: () => void = () => undefined
  /** Which processes are held, and those that were about to run. */
  #hold: { readonly isHeld: (process: Process) => boolean; readonly waiting: Process[] } | undefined

  constructor(clock: Clock, tracing: Tracing | undefined) {
    this.#clock = clock
    this.#tracing = tracing
  }

  /** From now on these processes take no message; what is sent to them waits. */
  hold(isHeld: (process: Process) => boolean): void {
    this.release()
    this.#hold = { isHeld, waiting: [] }
  }

  /** Whoever was held goes on. */
  release(): void {
    const { waiting } = this.#hold ?? { waiting: [] }
    this.#hold = undefined
    for (const process of waiting) if (process.status === 'ready') this.add(process)
  }

  /** Processes that are ready, first come first served. */
  ready(): Process[] {
    const ready = [...(this.#hold?.waiting ?? [])]
    for (let process = this.#first; process !== undefined; process = process.nextReady) ready.push(process)
    return ready
  }

  /** Monotonic ms, read when the queue wakes up and once a turn: the resolution in which messages have an age. */
  get time(): number {
    if (!this.#scheduled) this.#readClock()
    return this.#time
  }

  /** The same as a whole number of 32 bits, which comes round every 49 days: to store it allocates nothing. */
  get timeMs(): number {
    if (!this.#scheduled) this.#readClock()
    return this.#timeMs
  }

  #readClock(): void {
    this.#time = this.#clock.now()
    this.#timeMs = this.#time | 0
    if (this.#time > this.lateAt) this.#isLate()
  }

  #isLate(): void {
    this.lateAt = Number.POSITIVE_INFINITY
    this.onLate()
  }

  /** `isTraced`: whether a trace runs now, as far as that is known; otherwise the drain looks. */
  add(process: Process, isTraced?: boolean): void {
    process.status = 'ready'
    if (this.#last === undefined) this.#first = process
    else this.#last.nextReady = process
    this.#last = process
    if (this.#scheduled) return
    this.#readClock()
    if (this.#time - this.#turnedAt > TURN_MS) this.#askWhetherItTurns()
    this.#scheduled = true
    void SETTLED.then(isTraced === false ? this.#run : this.#drain)
  }

  /** Either nothing was to do for a while, or message follows message in one chain of microtasks, which keeps the loop from turning. */
  #askWhetherItTurns(): void {
    if (this.#askedAt === undefined) {
      this.#askedAt = this.#time
      this.#clock.soon(this.#turned)
    } else if (this.#time - this.#askedAt > TURN_MS) {
      this.#budget = 0
    }
  }

  /** Whether there is more to handle than one turn of the event loop allows. */
  get isBehind(): boolean {
    return this.#budget <= 0 && this.#first !== undefined
  }

  readonly #turned = (): void => {
    this.#askedAt = undefined
    this.#turnedAt = this.#clock.now()
  }

  /** Whether processes have run for long enough; then whoever asks stops. */
  isTurnOver(): boolean {
    const now = this.#clock.now()
    if (now - this.#time < TURN_MS) return false
    if (now > this.lateAt) this.#isLate()
    this.#budget = 0
    return true
  }

  /** Detached, since the microtask was queued inside whatever trace the first message came from. Outside of one, nothing can leak. */
  readonly #drain = (): void => {
    if (this.#tracing?.isTraced() === true) this.#tracing.detached(this.#run)
    else this.#run()
  }

  readonly #run = (): void => {
    while (this.#first !== undefined && this.#budget > 0) {
      const process = this.#first
      this.#first = process.nextReady
      if (this.#first === undefined) this.#last = undefined
      process.nextReady = undefined
      if (this.#hold?.isHeld(process) === true) {
        this.#hold.waiting.push(process)
        continue
      }
      const handled = process.run(Math.min(SLICE, this.#budget))
      this.#budget -= handled
      this.#sinceLook += handled
      if (this.#sinceLook >= LOOK_EVERY) {
        this.#sinceLook = 0
        this.isTurnOver()
      }
    }
    if (this.#first !== undefined) this.#clock.soon(this.#nextTurn)
    else this.#scheduled = false
  }

  readonly #nextTurn = (): void => {
    this.#budget = TURN
    this.#readClock()
    this.#turnedAt = this.#time
    this.#drain()
  }
}
