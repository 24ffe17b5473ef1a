// The first so many of however many, in one pass: a heap that holds no more than is asked for. Pure.

export class Top<T> {
  readonly #limit: number
  readonly #compare: (a: T, b: T) => number
  /** The last of those that are kept is at the root. */
  readonly #heap: T[] = []

  /** `compare` is negative if `a` comes first. */
  constructor(limit: number, compare: (a: T, b: T) => number) {
    this.#limit = limit
    this.#compare = compare
  }

  /** The one that goes when a better one comes; `undefined` while there is room. */
  get last(): T | undefined {
    return this.#heap.length < this.#limit ? undefined : this.#heap[0]
  }

  offer(item: T): void {
    const { last } = this
    if (last === undefined) {
      this.#heap.push(item)
      this.#up(this.#heap.length - 1)
    } else if (this.#compare(item, last) < 0) {
      this.#heap[0] = item
      this.#down(0)
    }
  }

  /** In order. */
  items(): T[] {
    return this.#heap.toSorted(this.#compare)
  }

  #up(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1
      if (!this.#isAfter(at, parent)) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #down(from: number): void {
    for (let at = from; ; ) {
      const left = 2 * at + 1
      let latest = left < this.#heap.length && this.#isAfter(left, at) ? left : at
      if (left + 1 < this.#heap.length && this.#isAfter(left + 1, latest)) latest = left + 1
      if (latest === at) return
      this.#swap(at, latest)
      at = latest
    }
  }

  #isAfter(a: number, b: number): boolean {
    return this.#compare(this.#heap[a] as T, this.#heap[b] as T) > 0
  }

  #swap(a: number, b: number): void {
    const kept = this.#heap[a] as T
    this.#heap[a] = this.#heap[b] as T
    this.#heap[b] = kept
  }
}
