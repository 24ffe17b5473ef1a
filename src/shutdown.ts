// The end of a node's OS process: the first wish ends it in order, the second hastens that, the third ends it at once.
import type { Clock } from '#base'

/** Undoes one thing that was started. `hastened` is aborted when nobody wants to wait any longer. */
type Step = (hastened: AbortSignal) => Promise<unknown>

export interface ShutdownOptions {
  readonly clock: Clock
  /** `process.exit`. */
  readonly exit: (code: number) => void
  readonly log: (level: 'info' | 'warn' | 'error', fields: object, text: string) => void
}

export class Shutdown {
  readonly #o: ShutdownOptions
  readonly #steps: Step[] = []
  readonly #hastened = new AbortController()
  #isUnderWay = false
  /** After so long the process ends with 1, whatever is left. */
  withinMs = Number.POSITIVE_INFINITY

  constructor(options: ShutdownOptions) {
    this.#o = options
  }

  get isUnderWay(): boolean {
    return this.#isUnderWay
  }

  /** What is started last ends first. */
  add(step: Step): void {
    this.#steps.push(step)
  }

  /** Somebody wants it to end: for the first, the second or the third time. */
  wish(reason: string): void {
    if (!this.#isUnderWay) this.begin(reason, 0)
    else if (this.#hastened.signal.aborted) {
      this.#o.log('error', { reason }, 'told to stop a third time: ending at once')
      this.#o.exit(1)
    } else {
      this.#o.log('warn', { reason }, 'told to stop a second time: what is left is stopped without waiting')
      this.#hastened.abort()
    }
  }

  /** It has to end. Nothing happens if that is under way. */
  begin(reason: string, exitCode: number): void {
    if (this.#isUnderWay) return
    this.#isUnderWay = true
    void this.#run(reason, exitCode)
  }

  async #run(reason: string, exitCode: number): Promise<void> {
    const { clock, exit, log } = this.#o
    log('info', { reason }, 'stopping')
    if (Number.isFinite(this.withinMs)) {
      clock.after(this.withinMs, () => {
        log('error', { timeoutMs: this.withinMs }, 'could not stop in time')
        exit(1)
      })
    }
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step(this.#hastened.signal)
      } catch (error) {
        log('error', { error: String(error) }, 'a step of the shutdown failed')
      }
    }
    exit(exitCode)
  }
}
