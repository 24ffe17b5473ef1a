// Keeps in view whether this node has a quorum, states when that changes, and lets others wait for it.
import type { Clock, Emitter } from '#base'
import type { ClusterEvents } from './events.ts'
import { ExpectedMembers, hasQuorum, type QuorumView } from './quorum.ts'

export class QuorumWatch {
  readonly expected: ExpectedMembers
  readonly #clock: Clock
  readonly #events: Emitter<ClusterEvents>
  readonly #listeners = new Set<(has: boolean) => void>()
  #has: boolean

  constructor(self: string, expected: () => number | undefined, clock: Clock, events: Emitter<ClusterEvents>) {
    this.#clock = clock
    this.#events = events
    this.expected = new ExpectedMembers(expected)
    const alone = new Set([self])
    this.#has = hasQuorum({ expected: this.expected.size, alive: alone, known: alone })
  }

  get has(): boolean {
    return this.#has
  }

  /** Calls `listener` with each change; the answer takes it off again. */
  onChange(listener: (has: boolean) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Looks at the members anew. */
  look({ alive, known }: Omit<QuorumView, 'expected'>): void {
    const expected = this.expected.size
    const has = hasQuorum({ expected, alive, known })
    if (has === this.#has) return
    this.#has = has
    this.#events.emit(has ? 'cluster.quorum_gained' : 'cluster.quorum_lost', { alive: alive.size, expected, at: this.#clock.wall() })
    for (const listener of [...this.#listeners]) listener(has)
  }

  /** Resolves with `true` as soon as there is a quorum, with `false` after `timeoutMs`. */
  wait(timeoutMs: number): Promise<boolean> {
    if (this.#has) return Promise.resolve(true)
    return new Promise((resolve) => {
      const settle = (has: boolean) => {
        off()
        timer.cancel()
        resolve(has)
      }
      const off = this.onChange((has) => {
        if (has) settle(true)
      })
      const timer = this.#clock.after(timeoutMs, () => settle(false))
    })
  }
}
