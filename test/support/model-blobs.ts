// A model of the engine's store of blobs: whole or not at all, late, and with answers that are lost.
import { type Clock, type Random, seededRandom } from '#base'
import type { Blobs } from '#distributed'

export interface ModelBlobsOptions {
  readonly clock: Clock
  readonly random?: Random
  readonly delayMs?: number
  readonly requestMs?: number
}

export class ModelBlobs implements Blobs {
  /** Chance that an answer is lost after what was asked has been done, and that what was asked never arrives. */
  answersLost = 0
  requestsLost = 0
  readonly #blobs = new Map<string, Uint8Array>()
  readonly #clock: Clock
  readonly #random: Random
  readonly #delayMs: number
  readonly #requestMs: number

  constructor({ clock, random = seededRandom(1), delayMs = 2, requestMs = 2000 }: ModelBlobsOptions) {
    this.#clock = clock
    this.#random = random
    this.#delayMs = delayMs
    this.#requestMs = requestMs
  }

  put(name: string, bytes: Uint8Array): Promise<void> {
    const copy = bytes.slice()
    return this.#ask(() => {
      if (this.#blobs.has(name)) throw new Error(`the blob '${name}' was written twice`)
      this.#blobs.set(name, copy)
    })
  }

  get(name: string): Promise<Uint8Array | undefined> {
    return this.#ask(() => this.#blobs.get(name)?.slice())
  }

  delete(name: string): Promise<void> {
    return this.#ask(() => void this.#blobs.delete(name))
  }

  names(): Promise<readonly string[]> {
    return this.#ask(() => [...this.#blobs.keys()])
  }

  #ask<T>(act: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(this.#requestMs, () => reject(new Error(`no blob within ${this.#requestMs} ms`)))
      if (this.#random.next() < this.requestsLost) return
      this.#clock.after(this.#delayMs, () => {
        try {
          const value = act()
          if (this.#random.next() < this.answersLost) return
          timer.cancel()
          resolve(value)
        } catch (error) {
          timer.cancel()
          reject(error)
        }
      })
    })
  }
}
