// Moves children of this node to where they belong by now: when nodes come (if asked for), or when this node is no member any more.
import type { Clock } from '#base'
import type { Cluster } from '#cluster'
import type { ExitReason, NodeId } from '#process'
import type { Directory } from '../directory/directory.ts'
import { type ChildData, type DirectoryRecord, isQuarantined } from '../directory/record.ts'
import type { ChildPlacement } from './child-placement.ts'
import type { LocalChildren } from './local-children.ts'
import type { Members } from './members.ts'
import type { MoveOutcome, Mover } from './mover.ts'
import type { Reconciler } from './reconciler.ts'
import type { Relocator } from './relocator.ts'

/** Horde's `process_redistribution`. `passive`: a child stays where it is until its node is gone. `active`: it follows its placement. */
export type ProcessRedistribution = 'active' | 'passive'

/** What a child that is moved ends with, as in Horde. */
const REDISTRIBUTED: ExitReason = { shutdown: 'process_redistribution' }
/** Children moved in one beat, and looked at in one turn of the event loop. */
const MOVES_PER_TICK = 100
const SLICE = 1000
/** Beats without a change of who may own children before anything is moved: nodes seldom come alone. */
const CALM_TICKS = 2

export interface RedistributorOptions {
  readonly mode: ProcessRedistribution
  readonly cluster: Cluster
  readonly directory: Directory
  readonly children: LocalChildren
  readonly placement: ChildPlacement
  readonly members: Members
  readonly reconciler: Reconciler
  readonly clock: Clock
  readonly mover: Mover
}

/** Without state: stopped here, then given to the other node, which starts it afresh. */
export function stopAndStart(children: LocalChildren, directory: Directory, relocator: Relocator) {
  return async (record: DirectoryRecord, to: NodeId): Promise<MoveOutcome> => {
    await children.stop(record.key, REDISTRIBUTED)
    // Whoever ended it meanwhile, or took it, has the last word.
    if (directory.get(record.key) !== record) return 'stopped'
    const child = record.child as ChildData
    const { failures } = child
    // It runs well: whatever went wrong before, it does not wait again.
    const moved = failures === undefined ? child : { ...child, failures: { ...failures, waitMs: 0 } }
    relocator.send(record, to, 'redistribution', moved, REDISTRIBUTED)
    return 'restarted'
  }
}

export class Redistributor {
  readonly #o: RedistributorOptions
  #seen = ''
  #calmTicks = 0
  /** Children that are still to be looked at; `undefined` when all are where they belong. */
  #pass: string[] | undefined

  constructor(options: RedistributorOptions) {
    this.#o = options
    this.#seen = this.#members()
    options.cluster.onTick(() => this.#tick())
  }

  #tick(): void {
    const { mode, cluster, members, children } = this.#o
    const seen = this.#members()
    if (seen !== this.#seen) {
      this.#seen = seen
      this.#calmTicks = 0
      this.#pass = undefined
      return
    }
    if (++this.#calmTicks === CALM_TICKS && (mode === 'active' || !members.has(cluster.id))) this.#pass = [...children.keys()]
    if (this.#pass !== undefined) this.#work(this.#pass, MOVES_PER_TICK)
  }

  #members(): string {
    return this.#o.members.candidates().toSorted().join()
  }

  #work(pass: string[], moves: number): void {
    let left = moves
    for (let looked = 0; looked < SLICE; looked++) {
      const key = pass.pop()
      if (key === undefined) {
        this.#pass = undefined
        return
      }
      if (this.#moveIfMisplaced(key) && --left === 0) return
    }
    this.#o.clock.soon(() => {
      if (this.#pass === pass) this.#work(pass, left)
    })
  }

  #moveIfMisplaced(key: string): boolean {
    const { cluster, directory, placement, reconciler, mover } = this.#o
    const record = directory.get(key)
    if (record?.child === undefined || record.ended || record.owner !== cluster.id || isQuarantined(record)) return false
    if (!mover.canMove(record) || cluster.membership.leaving) return false
    const to = placement.nodeFor(record)
    if (to === undefined || to === cluster.id) return false
    return reconciler.exclusively(key, () => mover.move(record, to, 'rebalance'))
  }
}
