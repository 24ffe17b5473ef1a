// The processes that run on this node under a name of the cluster: supervised children, and processes that registered themselves.
import { CodedError } from '#base'
import { type AnyBehaviour, type Handoff, LET_GO, type Resumed, type StartChild, type StartChildResult, type TerminateChild } from '#otp'
import { Crash, ExitError, type ExitReason, type Pid, type Runtime, type SpawnCause } from '#process'
import type { ChildData } from '../directory/record.ts'
import type { CrashWindow } from './crash-window.ts'

/** What is needed to start a child here. */
export interface ChildToStart {
  readonly key: string
  readonly behaviour: string
  readonly child: ChildData
}

/** The local supervisor answers, unless it is gone: how long a start or an end may take is the child's to say. */
const AS_LONG_AS_IT_TAKES = Number.POSITIVE_INFINITY

export class LocalChildren {
  readonly #runtime: Runtime
  /** Local name of the dynamic supervisor that runs the children. */
  readonly #supervisor: string
  readonly #behaviours: ReadonlyMap<string, AnyBehaviour>
  readonly #crashes: CrashWindow
  /** Supervised children, and processes that registered themselves; names with a value are few, and there may be very many without. */
  readonly #children = new Map<string, Pid>()
  readonly #registered = new Map<string, Pid>()
  readonly #values = new Map<string, unknown>()
  /** Requests of this turn to end children. */
  #ending: { readonly reason: ExitReason; readonly ids: string[]; readonly over: Promise<void> }[] = []
  #watched: Pid | undefined
  #hasGivenUp = false
  /** Called when the local supervisor and all its children are gone: with those that made it give up, if it did. */
  onSupervisorGone: (culprits: ReadonlyMap<string, ExitReason>) => void = () => undefined

  constructor(runtime: Runtime, supervisor: string, behaviours: readonly AnyBehaviour[], crashes: CrashWindow) {
    this.#runtime = runtime
    this.#supervisor = supervisor
    this.#behaviours = new Map(behaviours.map((behaviour) => [behaviour.name, behaviour]))
    this.#crashes = crashes
  }

  *keys(): Generator<string> {
    yield* this.#children.keys()
    yield* this.#registered.keys()
  }

  get size(): number {
    return this.#children.size + this.#registered.size
  }

  running(key: string): Pid | undefined {
    return this.#children.get(key) ?? this.#registered.get(key)
  }

  /** What was registered with a name. */
  value(key: string): unknown {
    return this.#values.get(key)
  }

  /** Throws `ERR_OTP_DISTRIBUTED_UNKNOWN_BEHAVIOUR`: nodes start behaviours by name, and only those they were given. */
  behaviour(name: string): AnyBehaviour {
    const behaviour = this.#behaviours.get(name)
    if (behaviour !== undefined) return behaviour
    throw new CodedError(
      'ERR_OTP_DISTRIBUTED_UNKNOWN_BEHAVIOUR',
      `node ${this.#runtime.id} has no behaviour '${name}'; it has: ${[...this.#behaviours.keys()].join(', ')}. List it in createNode({ behaviours })`,
    )
  }

  /** What the processes of a behaviour move by; `undefined` if they do not, or if this node was not given the behaviour. */
  handoff(behaviour: string): Handoff | undefined {
    return this.#behaviours.get(behaviour)?.handoff
  }

  /** A child lives on elsewhere: its end here, which comes next, is no failure, and nobody restarts it. */
  letGo(key: string, pid: Pid): void {
    this.gone(key)
    this.#runtime.send(this.#supervisor, 'cast', LET_GO, pid)
  }

  /** What a behaviour's processes are; `worker` for one that this node was not given. */
  typeOf(behaviour: string): 'worker' | 'supervisor' {
    return this.#behaviours.get(behaviour)?.type ?? 'worker'
  }

  /** Starts a child under the local supervisor; `undefined` if that is just not there, which is not the child's failure. */
  async start({ key, behaviour, child }: ChildToStart, cause: SpawnCause, resumed?: Resumed): Promise<StartChildResult | undefined> {
    try {
      const request: StartChild = { spec: specOf(key, this.behaviour(behaviour), child), cause, resumed }
      const result = (await this.#runtime.call(this.#supervisor, 'startChild', request, AS_LONG_AS_IT_TAKES)) as StartChildResult
      if (result.ok) {
        this.#children.set(key, result.pid)
        this.#watchSupervisor()
      }
      return result
    } catch (error) {
      return error instanceof ExitError ? undefined : { ok: false, reason: new Crash(error) }
    }
  }

  /** Stops what runs under the name, whichever kind it is. */
  async stop(key: string, reason: ExitReason): Promise<void> {
    const pid = this.#registered.get(key)
    const isChild = this.#children.has(key)
    this.gone(key)
    if (isChild) await this.#terminate(key, reason)
    else if (pid !== undefined) this.#runtime.exit(pid, pid, reason)
  }

  /** What is asked for in one turn for one reason is one request: the supervisor ends them at the same time, not one after the other. */
  #terminate(key: string, reason: ExitReason): Promise<void> {
    const present = this.#ending.find((ending) => ending.reason === reason)
    if (present !== undefined) {
      present.ids.push(key)
      return present.over
    }
    const ids = [key]
    const over = Promise.resolve().then(async () => {
      this.#ending = this.#ending.filter((ending) => ending.ids !== ids)
      const request: TerminateChild = { id: ids, reason }
      await this.#runtime.call(this.#supervisor, 'terminateChild', request, AS_LONG_AS_IT_TAKES).catch((error: unknown) => {
        // The supervisor is gone, and so are its children.
        if (!(error instanceof ExitError)) throw error
      })
    })
    this.#ending.push({ reason, ids, over })
    return over
  }

  /** A process of this node has registered itself, or its value has changed. */
  adopt(key: string, pid: Pid, value: unknown): void {
    this.#registered.set(key, pid)
    if (value === undefined) this.#values.delete(key)
    else this.#values.set(key, value)
  }

  restarted(key: string, pid: Pid): void {
    if (this.#children.has(key)) this.#children.set(key, pid)
  }

  gone(key: string): void {
    this.#children.delete(key)
    this.#registered.delete(key)
    this.#values.delete(key)
  }

  /** A child has failed once more; the supervisor restarts it, or gives up with this. */
  failed(key: string, reason: ExitReason, isOneTooMany: boolean): void {
    this.#crashes.add(key, reason, this.#runtime.clock.now())
    this.#hasGivenUp ||= isOneTooMany
  }

  /** When the supervisor is gone, so are its children, those that never failed too. */
  #watchSupervisor(): void {
    const pid = this.#runtime.whereis(this.#supervisor)
    if (pid === undefined || pid === this.#watched) return
    this.#watched = pid
    this.#runtime.monitor(pid, {
      down: () => {
        this.#children.clear()
        const culprits = this.#crashes.take(this.#runtime.clock.now())
        const hasGivenUp = this.#hasGivenUp
        this.#hasGivenUp = false
        this.onSupervisorGone(hasGivenUp ? culprits : new Map())
      },
    })
  }
}

function specOf(id: string, behaviour: AnyBehaviour, { argument, restart, shutdown, startTimeoutMs, backoff }: ChildData) {
  return {
    id,
    start: [behaviour, argument] as const,
    restart,
    ...(shutdown === undefined ? {} : { shutdown }),
    ...(startTimeoutMs === undefined ? {} : { startTimeoutMs }),
    ...(backoff === undefined ? {} : { backoff }),
  }
}
