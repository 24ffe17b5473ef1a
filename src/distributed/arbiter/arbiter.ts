// The port of the arbiter: who may own a name. Without one every node decides from what it sees, and conflicts are settled when they are seen.
import type { Clock, Emitter } from '#base'
import type { NodeId } from '#process'
import type { DistributedEvents } from '../events.ts'

/** What a name is claimed for. */
export interface Claimant {
  /** One birth, and no other: its number, and the node that began it. */
  readonly gen: number
  readonly founder: NodeId
  /** The epoch of what this node knows of the name; what is granted is above it. 0 for a birth that begins. */
  readonly epoch: number
  /** Whose claim was granted as `epoch`; `undefined` if `epoch` is none that an arbiter has given. */
  readonly owner: NodeId | undefined
  /** Nobody knows the name here: whatever birth the engine knows of is over if its owner's lease is. */
  readonly isNew: boolean
  /** The owner has agreed: a handoff was committed, or this node itself takes back what it was about to give away. */
  readonly isAgreed: boolean
}

/** The lease under which a name was granted. A later lease of the same node is another one. */
export interface Lease {
  /** Whether a message may be handled now: by the monotonic clock, at this very moment. */
  mayHandle(): boolean
  /** Whether what was granted may go on: false from a little before the lease ends, so that children end in time. */
  readonly mayOwn: boolean
}

export interface Grant {
  readonly ok: true
  readonly gen: number
  /** The fencing token: greater than that of any claim granted before. */
  readonly epoch: number
  readonly lease: Lease
}

/**
 * `held`: `by` has it, whose lease may still run; who wants what somebody agreed to give is refused by it too when that has gone another way,
 * with `by` empty if nobody has it now. `ended`: that birth is over, or a later one has begun. `unavailable`: nobody could say; it
 * may have been granted, and is asked for again.
 */
export type ClaimResult =
  | Grant
  | { readonly ok: false; readonly reason: 'held'; readonly by: NodeId }
  | { readonly ok: false; readonly reason: 'ended' | 'unavailable' }

export type ClaimOutcome = 'granted' | 'held' | 'ended' | 'unavailable'

/** What a name is claimed for; `reclaim`: a node takes back what it was about to give away. */
export type ClaimOp = 'start' | 'takeover' | 'handoff' | 'reclaim'

/** `ended`: its birth is over. `unused`: nothing was handled under the grant, so that whoever agreed to it may go on as if it had not been given. */
export type Released = 'free' | 'ended' | 'unused'

/** `held`: the lease is renewed in time. `degraded`: a renewal is overdue. `lost`: nothing may run here until a new lease is had. */
export type LeaseState = 'held' | 'degraded' | 'lost'

export interface LeaseStatus {
  readonly state: LeaseState
  /** Since the last renewal was sent that succeeded; and what it must not come to. */
  readonly ageMs: number
  readonly limitMs: number
  /** Why the last renewal failed. */
  readonly why: string | undefined
}

export interface Arbiter {
  /** A label in metrics: lower-case letters. */
  readonly name: string
  readonly status: LeaseStatus
  /** Whether names may be owned here now. */
  readonly mayOwn: boolean
  /** Whether another node's lease may still run; it is looked after from the first question on. */
  mayStillRun(node: NodeId): boolean
  /** Calls back when `mayOwn`, or `mayStillRun` of a node that was asked for, has changed. */
  onChange(listener: () => void): void
  /** Resolves when the first lease is held; rejects if the engine refuses, or nobody answers for long. */
  start(): Promise<void>
  claim(key: string, claimant: Claimant, op: ClaimOp): Promise<ClaimResult>
  /** Nothing runs here under the name any more: others may claim it at once. Resolves when that is written, or will be as soon as it can. */
  release(key: string, epoch: number, as: Released): Promise<void>
  /** Gives the lease back, when nothing runs here any more. */
  stop(): Promise<void>
}

export interface ArbiterContext {
  readonly id: NodeId
  readonly clock: Clock
  readonly events: Emitter<DistributedEvents>
}

/** For `createNode({ arbiter })`. */
export type ArbiterFactory = (context: ArbiterContext) => Arbiter
