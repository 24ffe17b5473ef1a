// The names of this node: claimed and released by compare-and-set, so many at a time. A write that nobody answers for is asked after.
import type { Clock } from '#base'
import type { NodeId } from '#process'
import { Budget } from '../budget.ts'
import type { Claimant, ClaimOp, ClaimResult, Lease, Released } from './arbiter.ts'
import { type ClaimView, claimStep } from './claim-step.ts'
import { decodeName, encodeName, type NameEntry, nameKey } from './entries.ts'
import type { KeyValue } from './key-value.ts'
import type { LeaseTimes } from './lease.ts'
import { OVER_MS, type OwnLease } from './own-session.ts'
import { within } from './within.ts'

/** Requests on their way to the engine. */
const IN_FLIGHT = 256
/** A claim is given up as unavailable after so many looks at a name for which others compete, and so many requests that nobody answered. */
const LOOKS = 8
const SILENCES = 2
/** What may have been claimed unheard is looked for so often. */
const SEARCHES = 60

/** What this node has been granted. */
interface Owned {
  readonly epoch: number
  readonly gen: number
  readonly founder: NodeId
  readonly lease: Lease
  /** To which epoch its owner agreed; 0 if it was not asked. */
  readonly agreedAt: number
}

type Outcome = Exclude<ClaimResult, { ok: true }> | { readonly ok: true; readonly gen: number; readonly epoch: number }

export interface ClaimsOptions {
  readonly id: NodeId
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly times: LeaseTimes
  readonly lease: () => OwnLease | undefined
  readonly isOver: ClaimView['isOver']
  /** Whether all that a node may have written up to a revision is over. */
  readonly isOverSince: (node: NodeId, revision: number) => boolean
  /** Nothing is granted any more. */
  readonly onEmpty: () => void
}

/** One claim under way. */
interface Attempt {
  readonly key: string
  readonly claimant: Claimant
  readonly n: number
  readonly nonce: number
  silences: number
}

export class Claims {
  readonly #o: ClaimsOptions
  readonly #owned = new Map<string, Owned>()
  readonly #budget = new Budget(IN_FLIGHT)
  /** Claims that may have been written though nobody was told, by name. */
  readonly #strays = new Map<string, number>()
  #nonce = 0

  constructor(options: ClaimsOptions) {
    this.#o = options
  }

  /** How many names are granted. */
  get size(): number {
    return this.#owned.size
  }

  /** A claim counts under the lease under which it was begun. */
  async claim(key: string, claimant: Claimant, op: ClaimOp): Promise<ClaimResult> {
    const lease = this.#o.lease()
    if (lease?.mayOwn !== true) return UNAVAILABLE
    this.#strays.delete(key)
    const attempt: Attempt = { key, claimant, n: lease.n, nonce: ++this.#nonce, silences: 0 }
    const outcome = await this.#attempt(attempt, op)
    if (!outcome.ok) {
      if (attempt.silences > 0) this.#seek(attempt)
      return outcome
    }
    if (!lease.mayOwn) return UNAVAILABLE
    const { gen, epoch } = outcome
    this.#owned.set(key, { epoch, gen, founder: claimant.founder, lease, agreedAt: claimant.isAgreed ? claimant.epoch : 0 })
    return { ok: true, gen, epoch, lease }
  }

  async #attempt(attempt: Attempt, op: ClaimOp): Promise<Outcome> {
    const { claimant } = attempt
    try {
      const { owner, epoch, gen } = claimant
      // What the directory knows is what the engine holds, as a rule: then one write is all there is to it.
      if (owner !== undefined && op !== 'start' && (claimant.isAgreed || this.#o.isOverSince(owner, epoch))) {
        const granted = await this.#write(attempt, gen, epoch)
        if (granted !== undefined) return granted
      }
      for (let looks = 0; looks < LOOKS; looks++) {
        const decided = await this.#look(attempt)
        if (decided !== undefined) return decided
        if (looks > 0) await this.#pause(this.#o.times.retryMs / 4)
      }
    } catch {
      // Nobody answers, or what is there cannot be read.
    }
    return UNAVAILABLE
  }

  /** `undefined`: it changed meanwhile. Rejects if nobody answers. */
  async #look(attempt: Attempt): Promise<Outcome | undefined> {
    const { id, isOver } = this.#o
    const { value, revision } = await this.#ask((keyValue) => keyValue.get(nameKey(attempt.key)))
    const entry = value === undefined ? undefined : decodeName(value)
    if (entry !== undefined && isOf(entry, id, attempt)) {
      return revision > attempt.claimant.epoch ? { ok: true, gen: entry.gen, epoch: revision } : this.#write(attempt, entry.gen, revision)
    }
    const step = claimStep(entry, revision, attempt.claimant, { self: id, n: attempt.n, isOver })
    if (step.step === 'held') return { ok: false, reason: 'held', by: step.by }
    return step.step === 'ended' ? { ok: false, reason: 'ended' } : this.#write(attempt, step.gen, revision)
  }

  /** What nobody answers for may have been written: whoever looks again finds out. */
  async #write(attempt: Attempt, gen: number, expected: number): Promise<Outcome | undefined> {
    const { key, claimant, n, nonce } = attempt
    const { founder } = claimant
    const value = encodeName({ node: this.#o.id, n, gen, founder, ended: false, unusedSince: 0, nonce })
    try {
      const epoch = await this.#ask((keyValue) => keyValue.put(nameKey(key), value, expected))
      if (epoch === undefined) return undefined
      // What the directory knows may have been numbered on by whoever gave the name away.
      return epoch > claimant.epoch ? { ok: true, gen, epoch } : await this.#write(attempt, gen, epoch)
    } catch (error) {
      if (++attempt.silences >= SILENCES) throw error
      return undefined
    }
  }

  async #ask<T>(request: (keyValue: KeyValue) => Promise<T>): Promise<T> {
    const { clock, times, keyValue } = this.#o
    await this.#budget.take(1)
    try {
      return await within(clock, times.requestMs, request(keyValue))
    } finally {
      this.#budget.give(1)
    }
  }

  // ---- giving up

  async release(key: string, epoch: number, as: Released): Promise<void> {
    const owned = this.#owned.get(key)
    if (owned?.epoch !== epoch) return
    this.#owned.delete(key)
    if (this.#owned.size === 0) this.#o.onEmpty()
    // Who has lost its lease need give up nothing.
    if (!this.#isCurrent(owned.lease)) return
    if (!(await this.#tryToRelease(key, owned, as))) void this.#releaseLater(key, owned, as)
  }

  #isCurrent(lease: Lease): boolean {
    return this.#o.lease() === lease && lease.mayOwn
  }

  /** Whether it is written, or need not be any more. */
  async #tryToRelease(key: string, { epoch, gen, founder, agreedAt }: Omit<Owned, 'lease'>, as: Released): Promise<boolean> {
    const ended = as === 'ended'
    const value = encodeName({ node: '', n: 0, gen, founder, ended, unusedSince: as === 'unused' ? agreedAt : 0, nonce: 0 })
    try {
      // Refused: the name is another's, or this node's again.
      await this.#ask((keyValue) => keyValue.put(nameKey(key), value, epoch, ended ? OVER_MS : undefined))
      return true
    } catch {
      return false
    }
  }

  async #releaseLater(key: string, owned: Owned, as: Released): Promise<void> {
    do await this.#pause(this.#o.times.renewMs)
    while (this.#isCurrent(owned.lease) && !(await this.#tryToRelease(key, owned, as)))
  }

  /** Nobody shall wait for a name that this node has without knowing. */
  #seek(attempt: Attempt): void {
    this.#strays.set(attempt.key, attempt.nonce)
    void this.#search(attempt)
  }

  async #search(attempt: Attempt): Promise<void> {
    const { key, nonce, n } = attempt
    const { retryMs, renewMs } = this.#o.times
    for (let searches = 0; searches < SEARCHES; searches++) {
      await this.#pause(searches === 0 ? retryMs : renewMs)
      if (this.#strays.get(key) !== nonce || this.#o.lease()?.n !== n) return
      if (await this.#isFound(attempt).catch(() => false)) break
    }
    if (this.#strays.get(key) === nonce) this.#strays.delete(key)
  }

  async #isFound(attempt: Attempt): Promise<boolean> {
    const { key, nonce, claimant } = attempt
    const { value, revision } = await this.#ask((keyValue) => keyValue.get(nameKey(key)))
    const entry = value === undefined ? undefined : decodeName(value)
    if (entry === undefined || !isOf(entry, this.#o.id, attempt) || this.#strays.get(key) !== nonce) return false
    return this.#tryToRelease(key, { ...entry, epoch: revision, agreedAt: claimant.isAgreed ? claimant.epoch : 0 }, 'unused')
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#o.clock.after(ms, resolve))
  }
}

const UNAVAILABLE = { ok: false, reason: 'unavailable' } as const

function isOf({ node, n, nonce, ended }: NameEntry, id: NodeId, claim: Attempt): boolean {
  return node === id && n === claim.n && nonce === claim.nonce && !ended
}
