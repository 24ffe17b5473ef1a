// A node that takes nothing new hands its children over: all of them, so many at a time, until they are gone or the time is up.
import type { Clock, Emitter } from '#base'
import type { Cluster } from '#cluster'
import type { NodeId } from '#process'
import type { ChildPlacement } from '../children/child-placement.ts'
import type { LocalChildren } from '../children/local-children.ts'
import type { MoveOutcome, Mover } from '../children/mover.ts'
import type { Reconciler } from '../children/reconciler.ts'
import type { Directory } from '../directory/directory.ts'
import { isQuarantined } from '../directory/record.ts'
import type { Replicator } from '../directory/replicator.ts'
import type { DistributedEvents } from '../events.ts'
import { drainStep, type Fate, fateOf } from './drain-step.ts'
import type { Handoffs } from './handoffs.ts'

/** How long a node that drains hands children over, and how many at a time, if nobody says otherwise. */
export const DRAIN_MS = 45_000
export const DRAIN_CONCURRENCY = 64
/** What is under way for a name, such as its start, is over soon. */
const BUSY_MS = 20
/** Live peers are waited for until all know where children are; one that stands still is not alive for much longer. */
const CONFIRM_MS = 15_000
/** So often a process that ended is looked for again: it may be restarted after a wait. */
const ENDS = 25

export interface DrainOptions {
  /** When the rest is given up, in ms from now, or `Infinity`; default `handoff.drainMs`. */
  readonly deadlineMs?: number
  /** Aborted, it is given up at once. */
  readonly signal?: AbortSignal
}

/** How a drain went. Once it is given up, `gaveUp` children are where they were; when the node leaves they are stopped in order. */
export interface DrainReport {
  /** `hastened`: nobody wanted to wait, or the node was to leave, which is a drain of its own; `resumed`: it was to take children again. */
  readonly outcome: 'completed' | 'deadline' | 'hastened' | 'resumed'
  readonly moved: number
  readonly restarted: number
  /** Of a node that leaves: no other node can have them, or they are never started twice. */
  readonly stopped: number
  readonly gaveUp: number
  readonly durationMs: number
}

export interface DrainParts {
  readonly clock: Clock
  readonly cluster: Cluster
  readonly events: Emitter<DistributedEvents>
  readonly directory: Directory
  readonly replicator: Replicator
  readonly reconciler: Reconciler
  readonly children: LocalChildren
  readonly placement: ChildPlacement
  readonly handoffs: Handoffs
  readonly mover: Mover
  readonly drainMs: number
  readonly concurrency: number
}

type End = Exclude<DrainReport['outcome'], 'completed'>

/** One drain under way. */
interface Run {
  readonly report: Promise<DrainReport>
  /** Ends it before all is done; the first word counts. */
  readonly end: (why: End) => void
}

export class Drain {
  readonly #o: DrainParts
  #run: Run | undefined
  #last: DrainReport | undefined

  constructor(parts: DrainParts) {
    this.#o = parts
  }

  /**
   * This node takes nothing new from now on, and hands over what it has. Resolves when that is done, as far as it goes, and live peers know;
   * asked again it answers the same, and tries again what is left. What nobody else can have stays, and is counted as given up.
   */
  drain(options: DrainOptions = {}): Promise<DrainReport> {
    const { cluster, clock, events } = this.#o
    if (this.#run !== undefined) return this.#run.report
    const { draining, leaving } = cluster.membership
    if (this.#last !== undefined && (leaving || (draining && this.#keys().length === 0))) return Promise.resolve(this.#last)
    cluster.drain(true)
    if (!draining) events.emit('node.draining', { node: cluster.id, at: clock.wall() })
    return this.#begin(false, options)
  }

  /** This node is a candidate again; `false` if it was one, or leaves. Children come back only as placement brings them. */
  resume(): boolean {
    const { cluster, placement, events, clock } = this.#o
    const { membership } = cluster
    if (!membership.draining || membership.leaving) return false
    this.#run?.end('resumed')
    // Whoever asks for a drain from now on asks for another one.
    this.#run = undefined
    this.#last = undefined
    cluster.drain(false)
    placement.refresh()
    events.emit('node.resumed', { node: cluster.id, at: clock.wall() })
    return true
  }

  /** The same for a node that has just said that it leaves: there is no way back. */
  leave(options: DrainOptions): Promise<DrainReport> {
    this.#run?.end('hastened')
    return this.#begin(true, options)
  }

  #begin(isLeaving: boolean, { deadlineMs = this.#o.drainMs, signal }: DrainOptions): Promise<DrainReport> {
    const { clock, cluster, events, placement } = this.#o
    // This node itself has just stopped being a candidate.
    placement.refresh()
    const ended = Promise.withResolvers<End>()
    const state = { why: undefined as End | undefined }
    const end = (why: End) => {
      state.why ??= why
      ended.resolve(why)
    }
    const timer = Number.isFinite(deadlineMs) ? clock.after(deadlineMs, () => end('deadline')) : undefined
    const hasten = () => end('hastened')
    signal?.addEventListener('abort', hasten)
    if (signal?.aborted === true) hasten()
    const startedAt = clock.wall()
    const report = this.#handOver(isLeaving, () => state.why, ended.promise).finally(() => {
      timer?.cancel()
      signal?.removeEventListener('abort', hasten)
    })
    const told = report.then((result) => {
      if (this.#run?.report === told) {
        this.#run = undefined
        this.#last = result
      }
      events.emit('node.drained', { node: cluster.id, isLeaving, startedAt, ...result })
      return result
    })
    this.#run = { report: told, end }
    return told
  }

  async #handOver(isLeaving: boolean, isOver: () => End | undefined, ended: Promise<End>): Promise<DrainReport> {
    const { clock, replicator, handoffs, concurrency } = this.#o
    const startedMono = clock.now()
    const fates = new Map<string, Fate>()
    const open: string[] = []
    const work = async (): Promise<void> => {
      for (let key = open.pop(); key !== undefined; key = open.pop()) fates.set(key, await this.#handOverOne(key, isOver))
    }
    for (;;) {
      open.push(...this.#keys().filter((key) => !fates.has(key) || fates.get(key) === 'gone'))
      const known = fates.size
      await Promise.race([Promise.all(Array.from({ length: concurrency }, work)), ended])
      // Again for what was on its way here meanwhile, such as a start.
      if (isOver() !== undefined || fates.size === known) break
    }
    const count = (fate: Fate) => fates.values().reduce((sum, one) => sum + (one === fate ? 1 : 0), 0)
    const left = this.#keys().filter((key) => !fates.has(key)).length
    const [moved, restarted, stopped] = [count('moved'), count('restarted'), count('stopped')]
    const why = isOver()
    // Before this node goes, names lead to the new places from everywhere; if it stays, all know by then that it takes nothing new.
    // Then what was sent here before has been passed on, and has to arrive.
    if ((moved + restarted > 0 || !isLeaving) && why === undefined) {
      await Promise.race([replicator.confirmed(CONFIRM_MS).then(() => handoffs.settled(CONFIRM_MS)), ended])
    }
    return {
      outcome: why ?? 'completed',
      moved,
      restarted,
      stopped: isLeaving ? stopped : 0,
      gaveUp: count('gaveUp') + left + (isLeaving ? 0 : stopped),
      durationMs: clock.now() - startedMono,
    }
  }

  /** Children of this node, those too that it was given and that do not run yet. */
  #keys(): string[] {
    const { cluster, directory, children } = this.#o
    const isChild = (key: string) => {
      const record = directory.get(key)
      return record?.child !== undefined && !record.ended && record.owner === cluster.id && !isQuarantined(record)
    }
    const keys = [...children.keys()].filter(isChild)
    if ((directory.liveOf.get(cluster.id) ?? 0) <= children.size) return keys
    return [...directory.records()].flatMap(({ key }) => (isChild(key) ? [key] : []))
  }

  async #handOverOne(key: string, isOver: () => unknown): Promise<Fate> {
    const { cluster, directory, placement, reconciler, mover } = this.#o
    const tried = new Set<NodeId>()
    let ends = 0
    for (;;) {
      const record = directory.get(key)
      const isOurs = record !== undefined && !record.ended && record.owner === cluster.id
      const step = drainStep(
        {
          isOurs,
          canMove: isOurs && mover.canMove(record),
          isOver: isOver() !== undefined,
          candidates: isOurs ? placement.candidates(record.behaviour) : [],
          tried,
        },
        (among) => (isOurs ? placement.heirAmong(among, record) : undefined),
      )
      if ('fate' in step) return step.fate
      const over = Promise.withResolvers<MoveOutcome>()
      const isBegun = reconciler.exclusively(key, () => {
        if (record !== undefined) over.resolve(mover.move(record, step.to, 'drain'))
        return over.promise
      })
      if (!isBegun) {
        await this.#pause()
        continue
      }
      const outcome = await over.promise
      const fate = fateOf(outcome)
      if (fate !== undefined) return fate
      // Its process had ended: by now its name says more, or it is being restarted.
      if (outcome === 'stopped' && ++ends < ENDS) await this.#pause()
      else tried.add(step.to)
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#o.clock.after(BUSY_MS, resolve))
  }
}
