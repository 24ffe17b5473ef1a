// Sees for this node that a record which another node has written has come here: then two nodes know, and a start counts.
import type { Clock, Timer } from '#base'
import type { Directory } from './directory.ts'
import type { DirectoryRecord } from './record.ts'

interface Wait {
  readonly gen: number
  readonly timer: Timer
  readonly settle: (isHere: boolean) => void
}

export class Witness {
  readonly #directory: Directory
  readonly #clock: Clock
  readonly #limitMs: number
  readonly #waits = new Map<string, Set<Wait>>()

  constructor(directory: Directory, clock: Clock, limitMs: number) {
    this.#directory = directory
    this.#clock = clock
    this.#limitMs = limitMs
    directory.onChanged((winner) => this.#onWinnerChanged(winner))
  }

  /** Resolves with `true` when this birth of the name, or a later one, is known here; with `false` if it is not in time. */
  has(key: string, gen: number): Promise<boolean> {
    const record = this.#directory.get(key)
    if (record !== undefined && record.gen >= gen) return Promise.resolve(true)
    return new Promise((settle) => {
      const waits = this.#waits.get(key) ?? new Set()
      this.#waits.set(key, waits)
      const wait: Wait = { gen, settle, timer: this.#clock.after(this.#limitMs, () => this.#over(key, wait, false)) }
      waits.add(wait)
    })
  }

  #onWinnerChanged({ key, gen }: DirectoryRecord): void {
    if (this.#waits.size === 0) return
    for (const wait of this.#waits.get(key) ?? []) if (wait.gen <= gen) this.#over(key, wait, true)
  }

  #over(key: string, wait: Wait, isHere: boolean): void {
    wait.timer.cancel()
    const waits = this.#waits.get(key)
    waits?.delete(wait)
    if (waits?.size === 0) this.#waits.delete(key)
    wait.settle(isHere)
  }
}
