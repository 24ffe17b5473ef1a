// Bounds how many calls to the engine are under way at once; the others wait their turn, in order.

export class InFlight {
  readonly #most: number
  readonly #waiting: (() => void)[] = []
  #count = 0

  constructor(most: number) {
    this.#most = most
  }

  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#count < this.#most) this.#count++
    // Whoever ends hands its place over: nobody who comes meanwhile can take it.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await call()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#count--
      else next()
    }
  }
}
