// The last so many of something.

export class Recent<T> {
  readonly #most: number
  readonly #ring: T[] = []
  #count = 0

  constructor(most: number) {
    this.#most = most
  }

  add(item: T): void {
    this.#ring[this.#count++ % this.#most] = item
  }

  /** How many there ever were. */
  get count(): number {
    return this.#count
  }

  /** The youngest first. */
  list(): T[] {
    const kept = Math.min(this.#count, this.#most)
    return Array.from({ length: kept }, (_, ago) => this.#ring[(this.#count - 1 - ago) % this.#most] as T)
  }
}
