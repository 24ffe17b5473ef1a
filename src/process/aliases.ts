// Where messages for processes go that live on elsewhere: the pid they had here leads to the one they have now.
import type { Target } from './name.ts'
import { type NodeId, Pid } from './pid.ts'

/** So many are remembered; the oldest are forgotten first, and what is sent to them reaches nobody. */
const MOST = 100_000

export class Aliases {
  readonly #node: NodeId
  readonly #routes = new Map<number, () => Pid | undefined>()

  constructor(node: NodeId) {
    this.#node = node
  }

  /** From now on what comes for the process of this serial goes where `route` says, or to nobody. */
  set(serial: number, route: () => Pid | undefined): void {
    this.#routes.set(serial, route)
    if (this.#routes.size <= MOST) return
    const [oldest] = this.#routes.keys()
    this.#routes.delete(oldest as number)
  }

  /** Where a pid leads: to itself, as a rule. A name leads to itself always. */
  follow<T extends Target>(to: T): T | Pid {
    if (this.#routes.size === 0 || !(to instanceof Pid) || to.process !== undefined || to.node !== this.#node) return to
    return this.#routes.get(to.serial)?.() ?? to
  }
}
