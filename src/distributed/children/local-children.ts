// The processes that run on this node under a name of the cluster: supervised children, and processes that registered themselves.
import { CodedError } from '#base'
import { type AnyBehaviour, type Handoff, LET_GO, type Resumed, type StartChild, type StartChildResult, type TerminateChild } from '#otp'
import { Crash, ExitError, type ExitReason, type NodeId, type Pid, type Runtime, type SpawnCause, TENURE_OVER } from '#process'
import type { Released } from '../arbiter/arbiter.ts'
import { birthOf, type ChildData, type DirectoryRecord } from '../directory/record.ts'
import type { ChildStateKeeper } from '../state/child-state-keeper.ts'
import type { Birth, ChildStates } from '../state/child-states.ts'
import type { CrashWindow } from './crash-window.ts'
import { BIRTH_OVER, HELD, isRefusal, type Tenancies, Tenancy } from './tenancies.ts'

/** What is needed to start a child here. */
export interface ChildToStart {
  readonly key: string
  readonly behaviour: string
  readonly child: ChildData
}

/** What a child brings along from the node that it comes from. */
export interface Arrival {
  readonly state: Resumed
  readonly from: NodeId
}

/** Another live node has a greater token for the state of the child: it has the name, or will say so in a moment. */
const FENCED: ExitReason = { shutdown: 'fenced' }

/** The store could not say what the child has to begin with. */
const STATE_UNAVAILABLE: ExitReason = { shutdown: 'state_unavailable' }

/** This node's lease is over, or about to be. */
export const LEASE_LOST: ExitReason = TENURE_OVER
/** It was to go to another node, and nobody can say that it has not. */
const NAME_LOST: ExitReason = { shutdown: 'name_lost' }

/** The local supervisor answers, unless it is gone: how long a start or an end may take is the child's to say. */
const AS_LONG_AS_IT_TAKES = Number.POSITIVE_INFINITY

export interface LocalChildrenOptions {
  readonly runtime: Runtime
  /** Local name of the dynamic supervisor that runs the children. */
  readonly supervisor: string
  readonly behaviours: readonly AnyBehaviour[]
  readonly crashes: CrashWindow
  readonly states?: ChildStates | undefined
  readonly tenancies?: Tenancies | undefined
}

export class LocalChildren {
  readonly #runtime: Runtime
  readonly #supervisor: string
  readonly #behaviours: ReadonlyMap<string, AnyBehaviour>
  readonly #crashes: CrashWindow
  /** Supervised children, and processes that registered themselves; names with a value are few, and there may be very many without. */
  readonly #children = new Map<string, Pid>()
  readonly #registered = new Map<string, Pid>()
  readonly #values = new Map<string, unknown>()
  /** Of children whose state is written. */
  readonly #keepers = new Map<string, ChildStateKeeper>()
  readonly #states: ChildStates | undefined
  /** Without an arbiter a child may run for as long as the directory says so. */
  readonly #tenancies: Tenancies | undefined
  /** Requests of this turn to end children. */
  #ending: { readonly reason: ExitReason; readonly ids: string[]; readonly over: Promise<void> }[] = []
  #watched: Pid | undefined
  #hasGivenUp = false
  /** Called when the local supervisor and all its children are gone: with those that made it give up, if it did. */
  onSupervisorGone: (culprits: ReadonlyMap<string, ExitReason>) => void = () => undefined

  constructor({ runtime, supervisor, behaviours, crashes, states, tenancies }: LocalChildrenOptions) {
    this.#runtime = runtime
    this.#supervisor = supervisor
    this.#behaviours = new Map(behaviours.map((behaviour) => [behaviour.name, behaviour]))
    this.#crashes = crashes
    this.#states = states
    this.#tenancies = tenancies
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

  /** The epoch that the arbiter has granted to a child that runs here, or else under which its state is written: its claim has to have the same. */
  epoch(key: string): number | undefined {
    return this.#tenancies?.get(key)?.token ?? this.#keepers.get(key)?.fence.epoch
  }

  /** What an arbiter has granted to a child that runs here. */
  tenancy(key: string): Tenancy | undefined {
    return this.#tenancies?.get(key)
  }

  /** Whether the arbiter lets a child go on that runs here. */
  mayRun(key: string): boolean {
    return this.#tenancies?.get(key)?.grant.lease.mayOwn !== false
  }

  /** Whether it is worth the while to ask the arbiter for a name. */
  mayTry(key: string): boolean {
    return this.#tenancies?.mayTry(key) !== false
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
  handoff(name: string): Handoff | undefined {
    return this.#behaviours.get(name)?.handoff
  }

  /** A child lives on elsewhere: its end here, which comes next, is no failure, and nobody restarts it. */
  letGo(key: string, pid: Pid): void {
    const keeper = this.#keepers.get(key)
    this.gone(key)
    if (keeper !== undefined) this.#states?.release(key, keeper.fence)
    void this.#tenancies?.release(key, 'free')
    this.#runtime.send(this.#supervisor, 'cast', LET_GO, pid)
  }

  /**
   * A child stays after all that the arbiter may have given to another node by now. `false`: it is stopped, since it was, or nobody could say.
   * Until then it has to be held.
   */
  async retake(record: DirectoryRecord): Promise<boolean> {
    const { key } = record
    if ((await this.#tenancies?.retake(key, birthOf(record), this.#runtime.id)) !== false) return true
    if (this.#children.has(key)) await this.stop(key, NAME_LOST)
    return false
  }

  /** A child stays after all, though the node that it was to go to may have opened its state. `false`: it is stopped, to begin with what there is. */
  async keep({ key, behaviour }: Pick<DirectoryRecord, 'key' | 'behaviour'>, epoch: number, heir: NodeId): Promise<boolean> {
    const keeper = this.#keepers.get(key)
    if (keeper === undefined || this.#states === undefined || (await this.#states.renew(key, behaviour, keeper, epoch, heir))) return true
    if (this.#keepers.get(key) === keeper) await this.stop(key, FENCED)
    return false
  }

  /** What a behaviour's processes are; `worker` for one that this node was not given. */
  typeOf(behaviour: string): 'worker' | 'supervisor' {
    return this.#behaviours.get(behaviour)?.type ?? 'worker'
  }

  /**
   * Starts a child under the local supervisor; `undefined` if that is just not there, which is not the child's failure. What there is of its
   * state is found first: meanwhile the supervisor serves others.
   */
  async start(
    { key, behaviour: name, child }: ChildToStart,
    cause: SpawnCause,
    birth: Birth,
    arrival?: Arrival,
  ): Promise<StartChildResult | undefined> {
    if (this.#tenancies === undefined) return this.#startAs({ key, behaviour: name, child }, cause, birth, arrival)
    const op = cause === 'call' ? 'start' : cause === 'handoff' ? 'handoff' : 'takeover'
    const claimed = await this.#tenancies.claim(key, birth, op)
    if (!(claimed instanceof Tenancy)) return { ok: false, reason: claimed }
    const granted = { ...birth, gen: claimed.grant.gen, epoch: claimed.token }
    const result = await this.#startAs({ key, behaviour: name, child }, cause, granted, arrival, claimed)
    if (result?.ok !== true) await this.#tenancies.release(key, 'unused')
    else if (!claimed.grant.lease.mayOwn) {
      await this.stop(key, LEASE_LOST)
      return { ok: false, reason: LEASE_LOST }
    }
    return result
  }

  async #startAs(
    { key, behaviour: name, child }: ChildToStart,
    cause: SpawnCause,
    birth: Birth,
    arrival: Arrival | undefined,
    tenure?: Tenancy,
  ): Promise<StartChildResult | undefined> {
    try {
      const behaviour = { ...this.behaviour(name), ...(tenure === undefined ? {} : { tenure }) }
      const { durableBody } = behaviour
      if (durableBody === undefined || this.#states === undefined)
        return await this.#startUnder(key, behaviour, child, cause, undefined, arrival?.state)
      let keeper: ChildStateKeeper | undefined
      const opened = await this.#states.open(key, name, birth, (reason) => this.#stopKept(key, keeper, reason))
      if (!opened.ok) return { ok: false, reason: opened.reason === 'fenced' ? FENCED : STATE_UNAVAILABLE }
      // A later birth may have been started here while the store was asked.
      if (this.#children.has(key)) return { ok: false, reason: FENCED }
      keeper = opened.keeper
      if (arrival !== undefined && opened.found !== undefined && opened.found.fence.owner !== arrival.from) {
        // Somebody took it over meanwhile, and what it brings along is less than what was told to others.
        this.#states.release(key, keeper.fence)
        return { ok: false, reason: FENCED }
      }
      return await this.#startUnder(key, { ...behaviour, body: durableBody(keeper) }, child, cause, keeper, arrival?.state)
    } catch (error) {
      return error instanceof ExitError ? undefined : { ok: false, reason: new Crash(error) }
    }
  }

  async #startUnder(
    key: string,
    behaviour: AnyBehaviour,
    child: ChildData,
    cause: SpawnCause,
    keeper?: ChildStateKeeper,
    resumed?: Resumed,
  ): Promise<StartChildResult> {
    const request: StartChild = { spec: specOf(key, behaviour, child), cause, resumed }
    const result = (await this.#runtime.call(this.#supervisor, 'startChild', request, AS_LONG_AS_IT_TAKES)) as StartChildResult
    if (!result.ok) return result
    this.#children.set(key, result.pid)
    if (keeper !== undefined) this.#keepers.set(key, keeper)
    this.#watchSupervisor()
    if (keeper?.isShutOut === true) this.#stopKept(key, keeper, FENCED)
    return result
  }

  /** Stops what runs under the name, whichever kind it is; `as`: what becomes of the name then. */
  async stop(key: string, reason: ExitReason, as: Released = 'free'): Promise<void> {
    const pid = this.#registered.get(key)
    const isChild = this.#children.has(key)
    const keeper = this.#keepers.get(key)
    this.gone(key)
    if (isChild) await this.#terminate(key, reason)
    else if (pid !== undefined) this.#runtime.exit(pid, pid, reason)
    if (keeper !== undefined) this.#states?.release(key, keeper.fence)
    if (isChild) await this.#tenancies?.release(key, as)
  }

  /** A child has ended by itself. */
  ended(key: string, as: Released): void {
    this.gone(key)
    void this.#tenancies?.release(key, as)
  }

  /** Its own process asks for it: restarted by its supervisor it would only be told the same again. */
  #stopKept(key: string, keeper: ChildStateKeeper | undefined, reason: ExitReason): void {
    if (keeper !== undefined && this.#keepers.get(key) === keeper) void this.stop(key, reason)
  }

  /** The birth is over: nothing of its state is kept anywhere. */
  forgetState({ key, behaviour, gen }: DirectoryRecord): void {
    if (this.#behaviours.get(behaviour)?.durableBody !== undefined) this.#states?.forget(key, gen)
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
    this.#keepers.delete(key)
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
        this.#keepers.clear()
        this.#tenancies?.releaseAll()
        const culprits = this.#crashes.take(this.#runtime.clock.now())
        const hasGivenUp = this.#hasGivenUp
        this.#hasGivenUp = false
        this.onSupervisorGone(hasGivenUp ? culprits : new Map())
      },
    })
  }
}

/** No failure of the child's: another node was first, or what it has to begin with cannot be read now. It is tried again, and never given up. */
export function isPutOff(result: StartChildResult): boolean {
  if (result.ok) return false
  const { reason } = result
  return isFenced(result) || reason === STATE_UNAVAILABLE || reason === LEASE_LOST || isRefusal(reason)
}

export function isFenced(result: StartChildResult): boolean {
  return !result.ok && (result.reason === FENCED || result.reason === HELD || result.reason === BIRTH_OVER)
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
