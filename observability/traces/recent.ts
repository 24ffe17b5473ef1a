// A map that forgets what was set longest ago: what a later fact may want to link to.

/** Holds at most `capacity` entries; setting a key again makes it the youngest. */
export class Recent<K, V> {
  readonly #entries = new Map<K, V>()
  readonly #capacity: number

  constructor(capacity = 10_000) {
    this.#capacity = capacity
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  set(key: K, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#capacity) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      break
    }
  }
}
