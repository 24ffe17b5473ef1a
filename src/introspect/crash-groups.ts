// Crashes by what they have in common: a storm is one line with a count, not ten thousand lines.
import type { Clock } from '#base'
import { describeExit, type ProcessEvents, type RecordedMessage } from '#process'
import { errorKind, fingerprint, topFrame } from './fingerprint.ts'
import { traceIdOf } from './trace-id.ts'

type Exited = ProcessEvents['process.exited']

/** One crash, from near. */
export interface CrashReport {
  /** Wall clock, ms. */
  readonly at: number
  readonly pid: string
  readonly reason: string
  readonly handling: string | null
  readonly trace: string | null
  readonly flight: readonly RecordedMessage[]
}

export interface CrashSample extends CrashReport {
  readonly supervisor: string | null
  readonly child: string | null
  readonly stack: string | null
}

export interface CrashGroup {
  readonly fingerprint: string
  readonly behaviour: string
  readonly error: string
  readonly frame: string | null
  readonly count: number
  readonly first: number
  readonly last: number
  readonly sample: CrashSample
}

interface Group {
  readonly fingerprint: string
  readonly error: string
  readonly frame: string | null
  readonly first: number
  count: number
  last: number
  /** The youngest whose stack was looked at. */
  sample: Exited
}

const MOST_GROUPS = 500
/** Of so many crashes a second the stack is looked at; the rest are counted with the last one that had the same error. */
const STACKS_PER_SECOND = 100

export class CrashGroups {
  readonly #clock: Clock
  /** In the order of their last crash. */
  readonly #groups = new Map<string, Group>()
  /** The last group of a behaviour and an error. */
  readonly #byError = new Map<string, Group>()
  #second = 0
  #looked = 0
  #total = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get total(): number {
    return this.#total
  }

  add(event: Exited): void {
    this.#total++
    const { error, stackOf } = errorKind(event.reason)
    const kind = `${event.behaviour}\n${error}`
    const known = this.#byError.get(kind)
    const group = known !== undefined && !this.#mayLook() ? known : this.#groupOf(event, error, topFrame(stackOf()))
    group.count++
    group.last = event.endedAt
    this.#byError.set(kind, group)
    this.#groups.delete(group.fingerprint)
    this.#groups.set(group.fingerprint, group)
    if (this.#groups.size > MOST_GROUPS) this.#forgetOldest()
  }

  #mayLook(): boolean {
    const second = Math.floor(this.#clock.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#looked = 0
    }
    return ++this.#looked <= STACKS_PER_SECOND
  }

  #groupOf(event: Exited, error: string, frame: string | null): Group {
    const id = fingerprint(event.behaviour, error, frame)
    const group = this.#groups.get(id) ?? { fingerprint: id, error, frame, first: event.endedAt, count: 0, last: 0, sample: event }
    group.sample = event
    return group
  }

  #forgetOldest(): void {
    const [oldest] = this.#groups.values()
    if (oldest === undefined) return
    this.#groups.delete(oldest.fingerprint)
    for (const [kind, group] of this.#byError) if (group === oldest) this.#byError.delete(kind)
  }

  /** The youngest first. */
  list(): CrashGroup[] {
    return [...this.#groups.values()].toReversed().map(({ sample, ...group }) => ({
      ...group,
      behaviour: sample.behaviour,
      sample: {
        ...crashReport(sample),
        supervisor: sample.supervisor ?? null,
        child: sample.child ?? null,
        stack: errorKind(sample.reason).stackOf() ?? null,
      },
    }))
  }
}

export function crashReport({ endedAt, pid, reason, handling, trace, flight }: Exited): CrashReport {
  return {
    at: endedAt,
    pid: pid.toString(),
    reason: describeExit(reason),
    handling: handling ?? null,
    trace: traceIdOf(trace),
    flight: flight ?? [],
  }
}
