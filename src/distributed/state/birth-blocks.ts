// Numbers of births are reserved in blocks before one is used: a cluster that starts again reads one key, and begins after all of them.
import { type Clock, whyOf } from '#base'
import { decodeData, encodeData } from '#cluster'
import type { KeyValue } from '../arbiter/key-value.ts'
import { patience } from './patience.ts'

const KEY = 'births'
/** A write of that key serves so many births; what is left of a block when the cluster ends is never used. */
const BLOCK = 10_000

export class BirthBlocks {
  readonly #keyValue: KeyValue
  readonly #clock: Clock
  #last = 0
  #raising: Promise<void> | undefined

  private constructor(keyValue: KeyValue, clock: Clock) {
    this.#keyValue = keyValue
    this.#clock = clock
  }

  /** Rejects with `ERR_OTP_DISTRIBUTED_STATE_UNAVAILABLE` if the engine does not say, within ten seconds, what is reserved. */
  static async read(keyValue: KeyValue, clock: Clock): Promise<BirthBlocks> {
    const blocks = new BirthBlocks(keyValue, clock)
    await blocks.#raiseTo(0)
    return blocks
  }

  /** No birth that was ever used is later. */
  get last(): number {
    return this.#last
  }

  /** Resolves when the number may be used. */
  async reserve(gen: number): Promise<void> {
    while (gen > this.#last) {
      this.#raising ??= this.#raiseTo(gen).finally(() => {
        this.#raising = undefined
      })
      await this.#raising
    }
  }

  /** Whatever is read may be out of date: what is there is known when it was written again. */
  async #raiseTo(gen: number): Promise<void> {
    const again = patience(this.#clock, 'reserve numbers of births')
    for (;;) {
      let why = 'it could not tell'
      try {
        const { value, revision } = await this.#keyValue.get(KEY)
        const there = value === undefined ? 0 : reservedIn(value)
        const next = gen > there ? gen + BLOCK : there
        if ((await this.#keyValue.put(KEY, encodeData(next), revision)) !== undefined) {
          this.#last = Math.max(this.#last, next)
          return
        }
      } catch (error) {
        why = whyOf(error)
      }
      await again(why)
    }
  }
}

function reservedIn(value: Uint8Array): number {
  const there = decodeData(value)
  if (Number.isSafeInteger(there)) return there as number
  throw new Error(`expected a number of births under '${KEY}', got ${typeof there}`)
}
