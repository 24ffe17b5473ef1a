// A timer of a process, which ends with it.
import { type Clock, CodedError, type Timer } from '#base'

/** The info that a timer sends, and how often. */
export interface TimedInfo {
  readonly name: string
  readonly payload: unknown
  readonly everyMs: number | undefined
}

/** Sends an info to its own process, once or again and again. OTP's timer references. */
export class ProcessTimer {
  readonly #clock: Clock
  readonly #owners: Set<ProcessTimer>
  readonly #send: () => void
  readonly #everyMs: number | undefined
  #timer: Timer | undefined
  #dueAt: number
  #isPaused = false
  /** `undefined` for what is no info: a behaviour's own time-outs. */
  readonly info: TimedInfo | undefined

  constructor(
    clock: Clock,
    owners: Set<ProcessTimer>,
    ms: number,
    everyMs: number | undefined,
    send: () => void,
    info?: Omit<TimedInfo, 'everyMs'>,
  ) {
    this.#clock = clock
    this.#owners = owners
    this.#send = send
    this.#everyMs = everyMs
    this.info = info === undefined ? undefined : { ...info, everyMs }
    this.#dueAt = clock.now() + ms
    owners.add(this)
    this.#start(ms)
  }

  #start(ms: number): void {
    this.#timer = this.#clock.after(ms, () => {
      this.#timer = undefined
      if (this.#everyMs === undefined) this.#owners.delete(this)
      else this.#next(this.#everyMs)
      this.#send()
    })
  }

  /** From when this one was due, not from when it ran: the beat does not drift. Beats that a blocked loop has missed are left out. */
  #next(everyMs: number): void {
    const now = this.#clock.now()
    const missed = Math.max(0, Math.floor((now - this.#dueAt) / everyMs))
    this.#dueAt += (missed + 1) * everyMs
    this.#start(Math.max(0, this.#dueAt - now))
  }

  /** Milliseconds until it fires, or `false` if it will not. */
  remainingMs(): number | false {
    return this.#timer === undefined && !this.#isPaused ? false : Math.max(0, this.#dueAt - this.#clock.now())
  }

  /** It does not fire until `goOn`, which lets it fire at once if its time has come meanwhile. */
  pause(): void {
    this.#isPaused = this.#timer !== undefined
    this.#timer?.cancel()
    this.#timer = undefined
  }

  goOn(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#start(Math.max(0, this.#dueAt - this.#clock.now()))
  }

  /** What `remainingMs` was; it does not fire any more. A message it has sent already is not taken back. */
  cancel(): number | false {
    const remaining = this.remainingMs()
    this.#timer?.cancel()
    this.#timer = undefined
    this.#isPaused = false
    this.#owners.delete(this)
    return remaining
  }
}

/** Throws `ERR_OTP_PROCESS_BAD_DELAY` for what is no time to wait. */
export function checkDelay(ms: number, isInterval: boolean, name: string): void {
  if (Number.isFinite(ms) && ms >= 0 && !(isInterval && ms === 0)) return
  const expected = isInterval ? 'more than 0 ms' : '0 ms or more'
  throw new CodedError('ERR_OTP_PROCESS_BAD_DELAY', `expected a delay of ${expected} for the info '${name}', got ${ms}`)
}
