// Whether the machine has more to do than it can: then its event loops are late, whatever nodes do, and nothing is said of theirs.
import { availableParallelism, loadavg } from 'node:os'

const LOOK_MS = 1000

/** So many that run or wait for each processor, on the mean of a minute: a drill of its own makes two at most. */
const TOO_MANY = 3

/** Looks until it is stopped. */
export class Machine {
  #most = 0
  readonly #timer: NodeJS.Timeout

  /** `load`: how many run or wait for each processor. */
  constructor(load: () => number = () => (loadavg()[0] ?? 0) / availableParallelism()) {
    const look = (): void => {
      this.#most = Math.max(this.#most, load())
    }
    look()
    this.#timer = setInterval(look, LOOK_MS)
  }

  /** Whether it has had too much to do since this was made. */
  get wasOverloaded(): boolean {
    return this.#most > TOO_MANY
  }

  /** Whether this alert says nothing of a node. */
  excuses(alert: string): boolean {
    return alert === 'OtpEventLoopLag' && this.wasOverloaded
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
