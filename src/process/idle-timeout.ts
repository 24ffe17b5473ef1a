// OTP's `receive … after`: the info `timeout` comes unless a message comes first.
import type { Timer } from '#base'
import type { Process } from './process.ts'

export class IdleTimeout {
  readonly #process: Process
  readonly ms: number
  #timer: Timer | undefined

  constructor(process: Process, ms: number) {
    this.#process = process
    this.ms = ms
    this.start()
  }

  /** Starts it, from the beginning if it was running. */
  start(): void {
    this.cancel()
    if (this.ms > 0) this.#timer = this.#process.runtime.clock.after(this.ms, () => this.#fire())
    else this.#fire()
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #fire(): void {
    // With a message waiting already, that one came first.
    if (this.#process.depth === 0) this.#process.info('timeout', undefined)
  }
}
