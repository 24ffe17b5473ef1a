// The events a gen_statem has taken in and is not done with: which one is next. Pure.

/** Inserted events come first, then retried ones, oldest first; postponed ones wait until the state changes. */
export class EventQueue<E> {
  #next: E[] = []
  #postponed: E[] = []

  /** How many wait for the state to change. */
  get postponed(): number {
    return this.#postponed.length
  }

  /** After `event` was handled: it may be postponed; a change of state brings back all that were; then come the inserted ones. */
  settle(event: E, postpone: boolean, isChange: boolean, inserted: readonly E[]): void {
    if (postpone) this.#postponed.push(event)
    if (isChange && this.#postponed.length > 0) {
      this.#next = [...inserted, ...this.#postponed, ...this.#next]
      this.#postponed = []
    } else if (inserted.length > 0) {
      this.#next = [...inserted, ...this.#next]
    }
  }

  /** Takes all of them, the next one first. */
  takeAll(): readonly E[] {
    const all = [...this.#next, ...this.#postponed]
    this.#next = []
    this.#postponed = []
    return all
  }

  /** Takes the next one. */
  take(): E | undefined {
    return this.#next.shift()
  }
}
