// Which children belong on another node by now, and which of them are to be moved: not for little, and none twice in a while. Pure.
import type { NodeId } from '#process'
import { type DirectoryRecord, isQuarantined } from '../directory/record.ts'

/** Horde's `process_redistribution`. `passive`: a child stays where it is until its node is gone. `active`: it follows its placement. */
export type ProcessRedistribution = 'active' | 'passive'

export interface RebalanceOptions {
  /** For so long nobody may have come or gone before anything is moved; default 10 s. */
  readonly stableMs?: number
  /** A child that came to its node by a move or a takeover stays there for so long; default 60 s. */
  readonly coolDownMs?: number
  /** Of a node's fair share: as long as no node is further than this from what placement says, nothing is moved. Default 0.1. */
  readonly threshold?: number
  /** How many children a node moves in a second, and at a time; default 100 and 16. */
  readonly perSecond?: number
  readonly concurrency?: number
}

export type RebalanceSettings = Required<RebalanceOptions>

export const REBALANCE: RebalanceSettings = { stableMs: 10_000, coolDownMs: 60_000, threshold: 0.1, perSecond: 100, concurrency: 16 }

/** `placement`: the strategy says so. `not_a_member`: its node is none any more that may be given children. */
export type MoveReason = 'placement' | 'not_a_member'

/**
 * Why a child stays where it is for now, though it belongs elsewhere. `not_movable`: it would have to be stopped and is never started twice.
 * `passive`: children follow their placement only in the `active` mode. `balanced`: no node is far enough from its share. `cooling`: it came to
 * its node a short while ago. `settling`: a node came or went a short while ago.
 */
export type Held = 'not_movable' | 'passive' | 'balanced' | 'cooling' | 'settling'

export interface PlannedMove {
  readonly key: string
  readonly behaviour: string
  readonly from: NodeId
  readonly to: NodeId
  readonly reason: MoveReason
  /** `undefined`: it moves now. */
  readonly held: Held | undefined
}

export interface RebalanceView {
  readonly mode: ProcessRedistribution
  readonly settings: Pick<RebalanceSettings, 'coolDownMs' | 'threshold'>
  /** Wall clock, ms. */
  readonly now: number
  /** Whether nobody has come or gone for long enough. */
  readonly isSettled: boolean
  /** Who may be given children. */
  readonly members: readonly NodeId[]
  /** `member`: it may be given children. `excluded`: it lives, and may not. `away`: it is gone, or hands over its children by itself. */
  standing(owner: NodeId): 'member' | 'excluded' | 'away'
  /** Where a child belongs. */
  place(record: DirectoryRecord): NodeId | undefined
  /** Whether it can be moved at all. */
  canMove(record: DirectoryRecord): boolean
}

export interface RebalancePlan {
  readonly moves: readonly PlannedMove[]
  /** How far the node is from what placement says that is furthest from it, as a share of a node's fair share. */
  readonly deviation: number
  /** Wall clock at which the first child that is cooling may move. */
  readonly cooledAt: number | undefined
}

/** Looks at records, one after the other, as slowly as one likes; what it has seen then is a plan. */
export class RebalanceSurvey {
  readonly #view: RebalanceView
  readonly #surplus = new Map<NodeId, number>()
  readonly #misplaced: { readonly record: DirectoryRecord; readonly to: NodeId; readonly reason: MoveReason }[] = []
  #children = 0

  constructor(view: RebalanceView) {
    this.#view = view
  }

  look(record: DirectoryRecord): void {
    if (record.child === undefined || record.ended || isQuarantined(record)) return
    const standing = this.#view.standing(record.owner)
    if (standing === 'away') return
    const to = this.#view.place(record)
    if (to === undefined) return
    this.#children++
    if (to === record.owner) return
    this.#count(record.owner, 1)
    this.#count(to, -1)
    // One that does not run is on its way already.
    if (record.serial !== 0) this.#misplaced.push({ record, to, reason: standing === 'member' ? 'placement' : 'not_a_member' })
  }

  #count(node: NodeId, by: number): void {
    this.#surplus.set(node, (this.#surplus.get(node) ?? 0) + by)
  }

  plan(): RebalancePlan {
    const { members, settings, now } = this.#view
    const share = this.#children / Math.max(1, members.length)
    const deviation = share === 0 ? 0 : Math.max(0, ...members.map((id) => Math.abs(this.#surplus.get(id) ?? 0))) / share
    const moves = this.#misplaced.map(({ record, to, reason }) => {
      const { key, behaviour, owner: from } = record
      return { key, behaviour, from, to, reason, held: this.#heldBack(record, reason, deviation) }
    })
    const cooling = this.#misplaced.filter((_, index) => moves[index]?.held === 'cooling')
    const cooledAt = cooling.reduce(
      (first, { record }) => Math.min(first, record.claimedAt + settings.coolDownMs),
      Number.POSITIVE_INFINITY,
    )
    return { moves, deviation, cooledAt: cooling.length === 0 ? undefined : Math.max(now, cooledAt) }
  }

  #heldBack(record: DirectoryRecord, reason: MoveReason, deviation: number): Held | undefined {
    const { mode, settings, now, isSettled, canMove } = this.#view
    if (!canMove(record)) return 'not_movable'
    if (reason === 'placement') {
      if (mode === 'passive') return 'passive'
      if (deviation <= settings.threshold) return 'balanced'
      // Where it was started it may be taken away at any time. By wall clocks: skew makes it sooner or later, nothing else.
      if (record.epoch > 1 && Math.abs(now - record.claimedAt) < settings.coolDownMs) return 'cooling'
    }
    return isSettled ? undefined : 'settling'
  }
}

/** A plan for all records at once. */
export function rebalancePlan(records: Iterable<DirectoryRecord>, view: RebalanceView): RebalancePlan {
  const survey = new RebalanceSurvey(view)
  for (const record of records) survey.look(record)
  return survey.plan()
}
