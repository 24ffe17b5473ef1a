// Room for so much at a time: who wants more waits for its turn, first come first served.

interface Waiting {
  readonly amount: number
  readonly go: () => void
}

export class Budget {
  readonly #most: number
  #taken = 0
  readonly #waiting: Waiting[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** Resolves when there is room; what is larger than all of it goes alone. */
  take(amount: number): Promise<void> {
    if (this.#waiting.length === 0 && this.#fits(amount)) {
      this.#taken += amount
      return Promise.resolve()
    }
    return new Promise((go) => {
      this.#waiting.push({ amount, go })
    })
  }

  give(amount: number): void {
    this.#taken -= amount
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.amount); next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#taken += next.amount
      next.go()
    }
  }

  #fits(amount: number): boolean {
    return this.#taken === 0 || this.#taken + amount <= this.#most
  }
}
