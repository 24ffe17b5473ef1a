// Children that were given to this node and have to wait before they are started: the back-off after they failed elsewhere.
import type { Clock, Timer } from '#base'
import type { NodeId } from '#process'
import type { Directory } from '../directory/directory.ts'
import { type DirectoryRecord, isQuarantined } from '../directory/record.ts'

export class StartDelay {
  readonly #self: NodeId
  readonly #clock: Clock
  readonly #waiting = new Map<string, Timer>()
  /** Called when a child has waited long enough. */
  onDue: (key: string) => void = () => undefined

  constructor(self: NodeId, directory: Directory, clock: Clock) {
    this.#self = self
    this.#clock = clock
    directory.onChanged((winner) => this.#onWinnerChanged(winner))
  }

  /** Whether the child may be started now. */
  isDue(key: string): boolean {
    return !this.#waiting.has(key)
  }

  /** The wait begins when this node learns of it. */
  #onWinnerChanged(winner: DirectoryRecord): void {
    const { key, owner, serial, child, ended } = winner
    this.#waiting.get(key)?.cancel()
    this.#waiting.delete(key)
    const waitMs = child?.failures?.waitMs ?? 0
    if (ended || owner !== this.#self || serial !== 0 || waitMs === 0 || isQuarantined(winner)) return
    this.#waiting.set(
      key,
      this.#clock.after(waitMs, () => {
        this.#waiting.delete(key)
        this.onDue(key)
      }),
    )
  }
}
