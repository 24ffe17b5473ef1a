// The names of this node's children as the arbiter has granted them: claimed before a child is started, given up when its process has ended.
import type { Clock } from '#base'
import type { ExitReason, NodeId, Tenure } from '#process'
import type { Arbiter, Claimant, ClaimOp, ClaimResult, Grant, Released } from '../arbiter/arbiter.ts'
import type { Birth } from '../state/child-states.ts'

/** A member has the name: its record is on its way. */
export const HELD: ExitReason = { shutdown: 'held' }
/** Who had the name is gone, or lost its lease, and until that is over nobody may have it. */
const HELD_STILL: ExitReason = { shutdown: 'held_by_former_owner' }
/** The arbiter knows that the birth is over. */
export const BIRTH_OVER: ExitReason = { shutdown: 'birth_over' }
/** The arbiter could not say, or this node has no lease. */
const ARBITER_UNAVAILABLE: ExitReason = { shutdown: 'arbiter_unavailable' }

/** No failure of the child's: it is asked for again. */
export function isRefusal(reason: unknown): boolean {
  return reason === HELD || reason === HELD_STILL || reason === BIRTH_OVER || reason === ARBITER_UNAVAILABLE
}

/** A name that was refused since its owner's lease may still run is not asked for again for so long, unless that lease ends. */
const HELD_MS = 3000

/** What a child handles messages by, through all its restarts on this node. */
export class Tenancy implements Tenure {
  grant: Grant

  constructor(grant: Grant) {
    this.grant = grant
  }

  get token(): number {
    return this.grant.epoch
  }

  mayHandle(): boolean {
    return this.grant.lease.mayHandle()
  }
}

interface Held {
  readonly by: NodeId
  readonly until: number
}

export interface TenanciesOptions {
  readonly arbiter: Arbiter
  readonly clock: Clock
  /** Whether a node is a member that may own names. */
  readonly isMember: (id: NodeId) => boolean
}

export type Claimed = Tenancy | ExitReason

export class Tenancies {
  readonly #o: TenanciesOptions
  readonly #tenancies = new Map<string, Tenancy>()
  /** Names with a claim under way. */
  readonly #claiming = new Set<string>()
  readonly #held = new Map<string, Held>()

  constructor(options: TenanciesOptions) {
    this.#o = options
  }

  get(key: string): Tenancy | undefined {
    return this.#tenancies.get(key)
  }

  /** Why not, if it is not granted. At most one process of this node has a name, or is about to. */
  async claim(key: string, birth: Birth, op: Exclude<ClaimOp, 'reclaim'>): Promise<Claimed> {
    if (this.#tenancies.has(key) || this.#claiming.has(key)) return HELD
    const { gen, founder, epoch, from } = birth
    const claimant: Claimant = { gen, founder, epoch: epoch - 1, owner: from, isNew: op === 'start', isAgreed: op === 'handoff' }
    this.#claiming.add(key)
    const result = await this.#o.arbiter.claim(key, claimant, op).finally(() => this.#claiming.delete(key))
    if (!result.ok) return this.#refused(key, result)
    this.#held.delete(key)
    const tenancy = new Tenancy(result)
    this.#tenancies.set(key, tenancy)
    return tenancy
  }

  #refused(key: string, result: Exclude<ClaimResult, Grant>): ExitReason {
    if (result.reason !== 'held') return result.reason === 'ended' ? BIRTH_OVER : ARBITER_UNAVAILABLE
    const { clock, isMember } = this.#o
    if (result.by === '') return BIRTH_OVER
    this.#held.set(key, { by: result.by, until: clock.now() + HELD_MS })
    return isMember(result.by) ? HELD : HELD_STILL
  }

  /** Whether it is worth the while to ask for the name. */
  mayTry(key: string): boolean {
    const held = this.#held.get(key)
    if (held === undefined) return true
    if (this.#o.clock.now() < held.until && this.#o.arbiter.mayStillRun(held.by)) return false
    this.#held.delete(key)
    return true
  }

  /** A child stays that was about to be given away: `false` if it must not, since it may have been given, or its lease was lost meanwhile. */
  async retake(key: string, birth: Pick<Birth, 'gen' | 'founder'>, self: NodeId): Promise<boolean> {
    const tenancy = this.#tenancies.get(key)
    if (tenancy === undefined) return false
    const { epoch, lease } = tenancy.grant
    const { gen, founder } = birth
    const result = await this.#o.arbiter.claim(key, { gen, founder, epoch, owner: self, isNew: false, isAgreed: true }, 'reclaim')
    if (!result.ok) return false
    if (this.#tenancies.get(key) !== tenancy || result.lease !== lease) {
      void this.#o.arbiter.release(key, result.epoch, 'free')
      return false
    }
    tenancy.grant = result
    return true
  }

  /** Nothing runs under the name any more. */
  async release(key: string, as: Released): Promise<void> {
    const tenancy = this.#tenancies.get(key)
    if (tenancy === undefined) return
    this.#tenancies.delete(key)
    await this.#o.arbiter.release(key, tenancy.token, as)
  }

  releaseAll(): void {
    for (const key of this.#tenancies.keys()) void this.release(key, 'free')
  }
}
