// Asks the nodes, a random one at a time; what one cannot answer now is asked of another.
import { randomInt } from 'node:crypto'
import type { Clock } from '#otp-labs'

/** Why nobody answered: no node could be reached, none in time, or the last one said that it cannot now. */
export type FailureKind = 'unreachable' | 'timeout' | 'unavailable' | 'no_answer'

export type Answer =
  | { readonly ok: true; readonly status: number; readonly body: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly kind: FailureKind }

const ATTEMPTS = 5
/** Between two tries: together long enough for a lot to be taken over by another node. */
const PAUSES_MS = [50, 200, 500, 1000]
const TIMEOUT_MS = 6000
/** A node that could not be reached is left alone for so long, unless all are. */
const REST_MS = 1000

export class Targets {
  readonly #clock: Clock
  readonly #addresses: readonly string[]
  readonly #restsUntil = new Map<string, number>()
  /** Told of each try that was not the last. */
  readonly #onRetry: (kind: FailureKind) => void

  constructor(clock: Clock, addresses: readonly string[], onRetry: (kind: FailureKind) => void) {
    this.#clock = clock
    this.#addresses = addresses
    this.#onRetry = onRetry
  }

  async ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer> {
    let last: string | undefined
    for (let attempt = 1; ; attempt++) {
      last = this.#choose(last)
      const answer = await this.#try(last, method, path, body)
      if (answer.ok || attempt === ATTEMPTS) return answer
      this.#onRetry(answer.kind)
      await new Promise<void>((resolve) => this.#clock.after(PAUSES_MS[attempt - 1] ?? 0, resolve))
    }
  }

  async #try(address: string, method: string, path: string, body: unknown): Promise<Answer> {
    const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    try {
      const response = await fetch(address + path, { method, signal: AbortSignal.timeout(TIMEOUT_MS), ...content })
      // Read whole whatever it says: a connection is used again only then.
      const text = await response.text()
      if (response.status === 503) return { ok: false, kind: 'unavailable' }
      if (response.status === 504) return { ok: false, kind: 'no_answer' }
      return { ok: true, status: response.status, body: JSON.parse(text) as Record<string, unknown> }
    } catch (error) {
      const kind = (error as Error).name === 'TimeoutError' ? 'timeout' : 'unreachable'
      this.#restsUntil.set(address, this.#clock.now() + REST_MS)
      return { ok: false, kind }
    }
  }

  /** A random node, another one than the last where there is a choice. */
  #choose(last: string | undefined): string {
    const now = this.#clock.now()
    const rested = this.#addresses.filter((address) => (this.#restsUntil.get(address) ?? 0) <= now)
    const others = rested.filter((address) => address !== last)
    const choice = others.length > 0 ? others : rested.length > 0 ? rested : this.#addresses
    return choice[randomInt(choice.length)] as string
  }
}
