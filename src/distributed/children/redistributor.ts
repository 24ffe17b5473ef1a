// Moves children of this node to where they belong by now: when nodes come (if asked for), or when this node is no member any more.
import type { Clock } from '#base'
import type { Cluster } from '#cluster'
import type { NodeId } from '#process'
import type { Directory } from '../directory/directory.ts'
import type { DirectoryRecord } from '../directory/record.ts'
import type { ChildPlacement } from './child-placement.ts'
import type { Members } from './members.ts'
import type { MoveOutcome, Mover } from './mover.ts'
import {
  type PlannedMove,
  type ProcessRedistribution,
  type RebalancePlan,
  type RebalanceSettings,
  RebalanceSurvey,
  type RebalanceView,
} from './rebalance-plan.ts'
import type { Reconciler } from './reconciler.ts'

/** Records looked at in one turn of the event loop. */
const SLICE = 1000

export interface RedistributorOptions {
  readonly mode: ProcessRedistribution
  readonly settings: RebalanceSettings
  readonly cluster: Cluster
  readonly directory: Directory
  readonly placement: ChildPlacement
  readonly members: Members
  readonly reconciler: Reconciler
  readonly clock: Clock
  readonly mover: Mover
}

/** What would move now in the whole cluster, by this node's view. */
export interface PlacementPlan extends RebalancePlan {
  readonly mode: ProcessRedistribution
  readonly threshold: number
  /** How long until the members count as settled, if none comes or goes. */
  readonly settledInMs: number
}

export class Redistributor {
  readonly #o: RedistributorOptions
  #seen: string
  #calmSince: number
  /** Monotonic time at which to look again; `undefined` when there is nothing to look for until a node comes or goes. */
  #lookAt: number | undefined
  /** What is still to be moved by the last plan, and how many moves were begun in this beat and are under way. */
  #queue: PlannedMove[] = []
  #begun = 0
  #underWay = 0

  constructor(options: RedistributorOptions) {
    this.#o = options
    this.#seen = this.#members()
    this.#calmSince = options.clock.now()
    this.#lookAt = this.#calmSince + options.settings.stableMs
    options.cluster.onTick((now) => this.#tick(now))
  }

  /** Looks at all records, in slices, and moves nothing. */
  async plan(): Promise<PlacementPlan> {
    const { mode, settings, clock } = this.#o
    const plan = await this.#survey()
    return {
      ...plan,
      mode,
      threshold: settings.threshold,
      settledInMs: Math.max(0, Math.ceil(this.#calmSince + settings.stableMs - clock.now())),
    }
  }

  #tick(now: number): void {
    const seen = this.#members()
    if (seen !== this.#seen) {
      this.#seen = seen
      this.#calmSince = now
      this.#lookAt = now + this.#o.settings.stableMs
      // Planned for others than there are now.
      this.#queue = []
      return
    }
    this.#begun = 0
    if (this.#lookAt !== undefined && now >= this.#lookAt && this.#underWay === 0 && this.#mayMove()) void this.#replan()
    else this.#work()
  }

  #members(): string {
    return this.#o.members.candidates().toSorted().join()
  }

  /** A node that drains or leaves hands over by itself, and one without a majority stops what it runs. */
  #mayMove(): boolean {
    const { mode, cluster, members, placement } = this.#o
    const { leaving, draining } = cluster.membership
    if (leaving || draining || (placement.needsQuorum && !cluster.quorum.has)) return false
    return mode === 'active' || !members.has(cluster.id)
  }

  async #replan(): Promise<void> {
    const { cluster, clock } = this.#o
    this.#lookAt = undefined
    const seen = this.#seen
    const { moves, cooledAt } = await this.#survey()
    if (seen !== this.#seen) return
    this.#queue = moves.filter(({ from, held }) => from === cluster.id && held === undefined)
    if (cooledAt !== undefined) this.#lookAgainIn(cooledAt - clock.wall())
    this.#work()
  }

  #lookAgainIn(ms: number): void {
    this.#lookAt = Math.min(this.#lookAt ?? Number.POSITIVE_INFINITY, this.#o.clock.now() + ms)
  }

  async #survey(): Promise<RebalancePlan> {
    const { directory, clock } = this.#o
    const survey = new RebalanceSurvey(this.#view())
    let looked = 0
    for (const record of directory.records()) {
      survey.look(record)
      if (++looked % SLICE === 0) await new Promise<void>((resolve) => clock.soon(resolve))
    }
    return survey.plan()
  }

  #view(): RebalanceView {
    const { mode, settings, cluster, clock, members, placement, mover } = this.#o
    const candidates = new Set(members.candidates())
    return {
      mode,
      settings,
      now: clock.wall(),
      isSettled: clock.now() - this.#calmSince >= settings.stableMs,
      members: [...candidates],
      standing: (owner) => {
        if (candidates.has(owner)) return 'member'
        return cluster.alive.has(owner) && !members.has(owner) && !cluster.isLeaving(owner) ? 'excluded' : 'away'
      },
      place: (record) => placement.nodeFor(record),
      canMove: (record) => mover.canMove(record),
    }
  }

  #work(): void {
    const { perSecond, concurrency } = this.#o.settings
    while (this.#queue.length > 0 && this.#begun < perSecond && this.#underWay < concurrency) {
      const { key, to } = this.#queue.pop() as PlannedMove
      if (this.#begin(key, to)) this.#begun++
    }
  }

  /** Whether it is on its way. What has changed since the plan was made has the last word. */
  #begin(key: string, to: NodeId): boolean {
    const { cluster, directory, placement, reconciler } = this.#o
    const record = directory.get(key)
    if (record === undefined || record.ended || record.owner !== cluster.id || record.serial === 0 || !this.#mayMove()) return false
    if (placement.nodeFor(record) !== to) return false
    const isBegun = reconciler.exclusively(key, () => this.#move(record, to))
    // Something else is under way for it, such as a restart.
    if (!isBegun) this.#lookAgainIn(this.#o.settings.stableMs)
    return isBegun
  }

  async #move(record: DirectoryRecord, to: NodeId): Promise<MoveOutcome> {
    this.#underWay++
    const outcome = await this.#o.mover.move(record, to, 'rebalance')
    this.#underWay--
    // Tried again after a while, not at once: whoever would not have it now has a reason.
    if (outcome === 'refused' || outcome === 'resumed') this.#lookAgainIn(this.#o.settings.coolDownMs)
    this.#o.clock.soon(() => this.#work())
    return outcome
  }
}
