// One key of the engine: what is known of it, and how it is changed by compare-and-set, whatever becomes of single attempts.
import { CodedError, whyOf } from '#base'
import { blobsOf, type KeptBirths } from './kept-births.ts'
import { decodeBirths, encodeBirths, type KeptValue } from './kept-births-codec.ts'
import { patience } from './patience.ts'
import type { StateEngine } from './state-engine.ts'

export interface Known extends KeptValue {
  readonly revision: number
}

/**
 * What is made of the births that are there; without `births` nothing is written. With `keepsMark` they are written under the mark that is there, which
 * misleads nobody who waits to recognise what he wrote: for what may be done twice, and for writing once more what was read, which may have been out of date.
 */
export interface Decision<T> {
  readonly births?: KeptBirths
  readonly keepsMark?: boolean
  readonly answer: T
}

export class KeptKey {
  readonly #name: string
  readonly #engine: StateEngine
  readonly #mark: () => string
  #known: Known | undefined
  /** Whatever is older than this is out of date. */
  #floor = 0

  /** `mark` answers what nobody ever had before, here or elsewhere. */
  constructor(name: string, engine: StateEngine, mark: () => string) {
    this.#name = name
    this.#engine = engine
    this.#mark = mark
  }

  /** Unless something is known, there is supposed to be nothing: if there is, the engine will refuse. */
  suppose(): void {
    if (this.#floor === 0) this.#known ??= { mark: '', births: [], revision: 0 }
  }

  unknow(): void {
    this.#known = undefined
  }

  /**
   * Decides by what is known, and writes that over it, again and again until it is known what became of it. Rejects with
   * `ERR_OTP_DISTRIBUTED_STATE_UNAVAILABLE` when the time is up: then it may have been written, or may be yet.
   */
  async change<T>(verb: string, decide: (known: Known) => Decision<T> | Promise<Decision<T>>): Promise<T> {
    const again = patience(this.#engine.clock, `${verb} the state of '${this.#name}'`)
    const attempts = new Map<string, { readonly answer: T; readonly over: KeptBirths }>()
    let isRead = false
    for (;;) {
      let why = 'it could not tell'
      try {
        isRead ||= this.#known === undefined
        const known = this.#known ?? (await this.#read())
        if (known !== undefined) {
          const done = attempts.get(known.mark)
          if (done !== undefined) {
            this.#dropBlobs(done.over, known.births)
            return done.answer
          }
          const { births, keepsMark, answer } = await decide(known)
          if (births === undefined) {
            if (isRead) return answer
            // As it was when this node last looked.
            this.unknow()
            continue
          }
          const next = { mark: keepsMark === true ? known.mark : this.#mark(), births }
          if (keepsMark !== true) attempts.set(next.mark, { answer, over: known.births })
          const revision = await this.#put(next, known.revision)
          if (revision !== undefined) {
            this.#know({ ...next, revision })
            this.#dropBlobs(known.births, next.births)
            return answer
          }
          this.unknow()
          // Another was first: what he wrote is read at once.
          const now = await this.#read()
          isRead = true
          if (now !== undefined && now.revision !== known.revision) continue
        }
      } catch (error) {
        if (isDamage(error)) throw error
        why = whyOf(error)
      }
      this.unknow()
      await again(why)
    }
  }

  #put(value: KeptValue, expected: number): Promise<number | undefined> {
    const engine = this.#engine
    return value.births.length === 0 ? engine.delete(this.#name, expected) : engine.put(this.#name, encodeBirths(value), expected)
  }

  /** What the engine has; `undefined` if what it answers is older than what is known here. */
  async #read(): Promise<Known | undefined> {
    const engine = this.#engine
    const { value, revision } = await engine.get(this.#name)
    if (revision >= this.#floor) {
      const kept = value === undefined ? { mark: '', births: [] } : this.#decoded(value)
      return this.#know({ ...kept, revision })
    }
    if (value !== undefined) return undefined
    // Out of date, or there was an end to it whose trace is forgotten: a deletion holds only if that is so.
    const deleted = await engine.delete(this.#name, revision)
    return deleted === undefined ? undefined : this.#know({ mark: '', births: [], revision: deleted })
  }

  #decoded(value: Uint8Array): KeptValue {
    try {
      return decodeBirths(value)
    } catch (error) {
      throw damaged(this.#name, whyOf(error))
    }
  }

  #know(known: Known): Known {
    this.#known = known
    this.#floor = known.revision
    return known
  }

  #dropBlobs(before: KeptBirths, after: KeptBirths): void {
    const left = blobsOf(after)
    for (const name of blobsOf(before)) if (!left.has(name)) this.dropBlob(name)
  }

  /** Nobody refers to it: what is not dropped now is swept up later. */
  dropBlob(name: string): void {
    this.#engine.deleteBlob(name).catch(() => undefined)
  }
}

const DAMAGED = 'ERR_OTP_DISTRIBUTED_STATE_DAMAGED'

export function damaged(key: string, why: string): CodedError {
  return new CodedError(
    DAMAGED,
    `expected the state of '${key}' as it was written, but ${why}; see who else writes to the engine's buckets`,
  )
}

/** Asking again would not help. */
function isDamage(error: unknown): boolean {
  return error instanceof CodedError && error.code === DAMAGED
}
