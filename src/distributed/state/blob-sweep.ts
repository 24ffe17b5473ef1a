// Drops blobs that nobody refers to: left by nodes that ended, or by writes of which nobody knows what became of them.
import type { Timer } from '#base'
import { blobsOf } from './kept-births.ts'
import { decodeBirths } from './kept-births-codec.ts'
import type { StateEngine } from './state-engine.ts'

/** A blob is looked after when it was there a round ago: until then its writer is most likely about to refer to it. */
const ROUND_MS = 600_000

export class BlobSweep {
  readonly #engine: StateEngine
  readonly #isMine: () => boolean
  #seen: ReadonlySet<string> = new Set()
  #timer: Timer

  /** `isMine`: whether it is this node that sweeps; several may, in vain. */
  constructor(engine: StateEngine, isMine: () => boolean) {
    this.#engine = engine
    this.#isMine = isMine
    this.#timer = this.#again()
  }

  #again(): Timer {
    return this.#engine.clock.after(ROUND_MS, () => {
      this.#timer = this.#again()
      // What is not swept now is swept a round later.
      if (this.#isMine()) void this.sweep().catch(() => undefined)
    })
  }

  stop(): void {
    this.#timer.cancel()
  }

  /** Resolves when a round is over; rejects when the engine does not answer. */
  async sweep(): Promise<void> {
    const names = await this.#engine.blobNames()
    const old = names.filter((name) => this.#seen.has(name))
    this.#seen = new Set(names)
    for (const name of old) if (await this.#isNobodys(name)) await this.#engine.deleteBlob(name)
  }

  /**
   * What was read may be out of date, and somebody may be about to refer to the blob. So the key is written once more, as it was read: if that
   * succeeds, it was up to date, and whatever was to be written over it never will be.
   */
  async #isNobodys(name: string): Promise<boolean> {
    const key = name.slice(name.indexOf(' ') + 1)
    const { value, revision } = await this.#engine.get(key)
    if (value === undefined) return (await this.#engine.delete(key, revision)) !== undefined
    return !blobsOf(decodeBirths(value).births).has(name) && (await this.#engine.put(key, value, revision)) !== undefined
  }
}
