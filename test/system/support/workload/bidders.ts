// Bids at a steady rate on random lots, whether or not they are answered, and notes what was acknowledged.
import { randomInt } from 'node:crypto'
import { ExitError, type Node } from '#otp-labs'
import type { NotedLot, Taken } from './lot.ts'
import type { TakeNote } from './notes.ts'

const TICK_MS = 10
const ANSWER_WITHIN_MS = 2000

export class Bidders {
  readonly #node: Node
  readonly #lot: NotedLot
  readonly #lots: readonly string[]
  readonly #note: TakeNote
  #timer: NodeJS.Timeout | undefined
  #bids = 0

  constructor(node: Node, lot: NotedLot, lots: readonly string[], note: TakeNote) {
    this.#node = node
    this.#lot = lot
    this.#lots = lots
    this.#note = note
  }

  bid(rate: number): void {
    clearInterval(this.#timer)
    const [startedAt, before] = [performance.now(), this.#bids]
    this.#timer = setInterval(() => {
      // No more than one tick's worth at once: a node that was stopped does not make up for it.
      const due = before + ((performance.now() - startedAt) * rate) / 1000
      for (let left = Math.ceil((rate * TICK_MS) / 1000); left > 0 && this.#bids < due; left--) void this.#bid()
    }, TICK_MS)
  }

  async #bid(): Promise<void> {
    const lot = this.#lots[randomInt(this.#lots.length)] as string
    // Its node's life is part of it: bids of a node that was started again are others.
    const bid = `${this.#node.id}-${++this.#bids}`
    try {
      const taken: Taken = await this.#node.call(this.#lot.named(lot), 'bid', bid, { timeoutMs: ANSWER_WITHIN_MS })
      this.#note({ kind: 'acknowledged', lot, bid, ...taken })
    } catch (error) {
      if (!(error instanceof ExitError)) throw error
      this.#note({ kind: 'unanswered', lot, bid, reason: error.message })
    }
  }
}
