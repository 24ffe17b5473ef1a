// One child of a supervisor: what was asked for, and what runs.
import type { Member } from '#base'
import type { ExitReason, Pid, Process, SpawnCause, SpawnOptions, Tenure } from '#process'
import type { ChildSpec } from './child-spec.ts'
import type { ChildInfo } from './supervisor-protocol.ts'

/** What one exit set off, until every child it took along runs again. */
export interface RestartStory {
  /** The child that is tried next: the one that ended, or the one whose start has failed since. */
  target: Child
  /** The child whose exit began it, its pid then, and why it ended. */
  readonly origin: Child
  readonly endedPid: Pid
  readonly reason: ExitReason
  /** When the exit was seen, by both clocks. */
  readonly startedAt: number
  readonly startedMono: number
  /** How often it was tried. */
  tries: number
  /** Whether the next try has been counted already. */
  isCounted: boolean
  /** Share of the restart budget used with the last try, 0–1. */
  budgetUsed: number
  /** Takes back a try that waits for its time. */
  cancel: (() => void) | undefined
}

/** What its children are told of a supervisor. */
export interface Parent {
  readonly path: string
  readonly self: Process
}

/** Small: a dynamic supervisor has as many of them as it has children. It is the origin of its processes, too: one object less for each. */
export class Child implements SpawnOptions, Member<Child> {
  readonly spec: ChildSpec
  readonly #parent: Parent
  /** Why it was started last. */
  cause: SpawnCause = 'boot'
  pid: Pid | undefined = undefined
  /** The pid before that one, or the last one of a child that does not run. */
  oldPid: Pid | undefined = undefined
  /** It is about to be started again. Without this and a pid it is not to run. */
  story: RestartStory | undefined = undefined
  /** Its neighbours in the start order. */
  earlier: Child | undefined = undefined
  later: Child | undefined = undefined

  constructor(spec: ChildSpec, parent: Parent) {
    this.spec = spec
    this.#parent = parent
  }

  isOf(parent: Parent): boolean {
    return this.#parent === parent
  }

  get supervisor(): string {
    return this.#parent.path
  }

  get parent(): Process {
    return this.#parent.self
  }

  get child(): string {
    return this.spec.id
  }

  get tenure(): Tenure | undefined {
    return this.spec.start[0].tenure
  }

  get name(): ChildSpec['name'] {
    return this.spec.name
  }

  get startTimeoutMs(): number | undefined {
    return this.spec.startTimeoutMs
  }

  /** It runs, or is about to be started again. */
  get isActive(): boolean {
    return this.pid !== undefined || this.story !== undefined
  }

  get isSupervisor(): boolean {
    return this.spec.start[0].type === 'supervisor'
  }

  info(): ChildInfo {
    const [behaviour] = this.spec.start
    return {
      id: this.spec.id,
      pid: this.pid ?? (this.story === undefined ? undefined : 'restarting'),
      type: behaviour.type,
      behaviour: behaviour.name,
    }
  }
}
