// What is remembered of rare facts, since the event log may have moved on: restarts, crashes, conflicts, takeovers, handoffs. Kept as stated, rendered when asked.
import type { Clock, Handlers } from '#base'
import type { DistributedEvents } from '#distributed'
import type { OtpEvents } from '#otp'
import { describeExit, exitClass, type Pid, type ProcessEvents } from '#process'
import { CrashGroups, type CrashReport, crashReport } from './crash-groups.ts'
import { Recent } from './recent.ts'
import { traceIdOf } from './trace-id.ts'

type Facts = ProcessEvents & OtpEvents & DistributedEvents
type Restarted = OtpEvents['supervisor.child_restarted']

const RESTARTS_KEPT = 20
const KEPT = 100
/** Supervisors, children and pids of whom something is remembered; who was heard of longest ago is forgotten first. */
const MOST_SUPERVISORS = 1000
const MOST_CHILDREN = 1000

export interface RestartReport {
  /** Wall clock, ms. */
  readonly at: number
  readonly child: string
  readonly behaviour: string
  readonly cause: Restarted['cause']
  readonly reason: string | null
  readonly class: ReturnType<typeof exitClass> | null
  readonly restartId: string
  readonly oldPid: string | null
  readonly newPid: string
  readonly budgetUsed: number
  readonly durationMs: number
  readonly trace: string | null
}

interface Restarts {
  readonly count: number
  /** Wall clock of the last one, ms. */
  readonly lastAt: number | null
}

const NO_RESTARTS: Restarts = { count: 0, lastAt: null }

export class History {
  readonly crashes: CrashGroups
  readonly conflicts = new Recent<DistributedEvents['registry.conflict']>(KEPT)
  readonly takeovers = new Recent<DistributedEvents['child.taken_over']>(KEPT)
  readonly handoffs = new Recent<DistributedEvents['handoff.ended']>(KEPT)
  /** By the supervisor's path. */
  readonly #restarts = new Map<string, Recent<Restarted>>()
  /** By what its supervisor keeps of a child: gone when the child is. */
  readonly #ofChild = new WeakMap<object, Restarts>()
  /** The last crash of a child, by its place in the tree. */
  readonly #lastCrash = new Map<string, ProcessEvents['process.exited']>()
  /** The trace on which a process crashed that is about to be started again, by its pid. */
  readonly #traces = new Map<string, string>()

  constructor(clock: Clock) {
    this.crashes = new CrashGroups(clock)
  }

  /** The subscriber's table: only what is remembered. */
  readonly table: Handlers<Facts> = {
    'process.exited': (event) => {
      if (event.class === 'error') this.#crashed(event)
    },
    'supervisor.child_restarted': (event) => this.#restarted(event),
    'registry.conflict': (event) => this.conflicts.add(event),
    'child.taken_over': (event) => this.takeovers.add(event),
    'handoff.ended': (event) => this.handoffs.add(event),
  }

  #crashed(event: ProcessEvents['process.exited']): void {
    this.crashes.add(event)
    if (event.child !== undefined) remember(this.#lastCrash, place(event.supervisor, event.child), event, MOST_CHILDREN)
    if (event.trace !== undefined) remember(this.#traces, event.pid.toString(), event.trace, MOST_CHILDREN)
  }

  #restarted(event: Restarted): void {
    const recent = this.#restarts.get(event.supervisor) ?? new Recent<Restarted>(RESTARTS_KEPT)
    recent.add(event)
    remember(this.#restarts, event.supervisor, recent, MOST_SUPERVISORS)
    const child = event.newPid.owner
    if (!isObject(child)) return
    this.#ofChild.set(child, { count: (this.#ofChild.get(child)?.count ?? 0) + 1, lastAt: event.startedAt })
  }

  /** How often the child that a process is was started again. */
  restartsOfChild({ owner }: Pid): Restarts {
    return isObject(owner) ? this.restartsOf(owner) : NO_RESTARTS
  }

  /** The same by what its supervisor keeps of it. */
  restartsOf(child: object): Restarts {
    return this.#ofChild.get(child) ?? NO_RESTARTS
  }

  lastCrashOf(supervisor: string | undefined, child: string | undefined): CrashReport | null {
    const event = child === undefined ? undefined : this.#lastCrash.get(place(supervisor, child))
    return event === undefined ? null : crashReport(event)
  }

  /** Of a supervisor, by its path: how many there were, and the last ones, the youngest first. */
  restartsUnder(supervisor: string): { readonly count: number; readonly recent: readonly RestartReport[] } {
    const restarts = this.#restarts.get(supervisor)
    return { count: restarts?.count ?? 0, recent: restarts?.list().map((event) => this.#report(event)) ?? [] }
  }

  /** Supervisors under which something was started again, ended ones too. */
  get troubled(): IterableIterator<string> {
    return this.#restarts.keys()
  }

  #report({ reason, restartId, oldPid, newPid, startedAt: at, ...event }: Restarted): RestartReport {
    const { child, behaviour, cause, budgetUsed, durationMs } = event
    return {
      at,
      child,
      behaviour,
      cause,
      reason: reason === undefined ? null : describeExit(reason),
      class: reason === undefined ? null : exitClass(reason),
      restartId: restartId.toString(),
      oldPid: oldPid?.toString() ?? null,
      newPid: newPid.toString(),
      budgetUsed,
      durationMs,
      trace: traceIdOf(this.#traces.get(restartId.toString())),
    }
  }
}

const place = (supervisor: string | undefined, child: string) => `${supervisor ?? ''}\n${child}`
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** Puts an entry behind all others, and forgets the first where there are too many. */
function remember<V>(map: Map<string, V>, key: string, value: V, most: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= most) return
  const [first] = map.keys()
  if (first !== undefined) map.delete(first)
}
