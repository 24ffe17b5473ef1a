// The port of the arbiter: who may own a name. Without one every node decides from what it sees, and conflicts are settled when they are seen.
import type { Clock, Emitter } from '#base'
import type { NodeId } from '#process'
import type { DistributedEvents } from '../events.ts'

/** What a name is claimed for. */
export interface Claimant {
  /** One birth, and no other: its number, and the node that began it. */
  readonly gen: number
  readonly founder: NodeId
  /** The epoch under which it was owned until now, as far as this node knows; 0 for a birth that begins. */
  readonly epoch: number
  /** Nobody knows the name here: whatever birth the engine knows of is over if its owner's lease is. */
  readonly isNew: boolean
  /** The owner has agreed: a handoff was committed, or this node itself takes back what it gave away. */
  readonly isAgreed: boolean
}

/**
 * `granted`: the name is this node's under `epoch`, which is the fencing token, in birth `gen`. `held`: a node whose lease may still run has it.
 * `ended`: that birth is over, or a later one has begun. `unavailable`: nobody could say; it may have been granted, and is asked for again.
 */
export type ClaimResult =
  | { readonly ok: true; readonly gen: number; readonly epoch: number }
  | { readonly ok: false; readonly reason: Exclude<ClaimOutcome, 'granted'> }

export type ClaimOutcome = 'granted' | 'held' | 'ended' | 'unavailable'

/** What a name is claimed for; `reclaim`: a node takes back what it was about to give away. */
export type ClaimOp = 'start' | 'takeover' | 'handoff' | 'reclaim'

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
  /** Whether names may be owned here: false from a little before the lease ends, so that children end in time. */
  readonly mayOwn: boolean
  /** Whether a message may be handled now: by the monotonic clock, at this very moment. */
  mayHandle(): boolean
  /** Whether another node's lease may still run; it is looked after from the first question on. */
  mayStillRun(node: NodeId): boolean
  /** Called when `mayOwn`, or `mayStillRun` of a node that was asked for, has changed. */
  onChange(listener: () => void): void
  /** Resolves when the first lease is held; rejects if the engine refuses. */
  start(): Promise<void>
  claim(key: string, claimant: Claimant, op: ClaimOp): Promise<ClaimResult>
  /** Nothing runs here under the name any more: others may claim it at once, or with `isEnded` its birth is over. */
  release(key: string, epoch: number, isEnded: boolean): void
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
