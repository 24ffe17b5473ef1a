// The processes that run on this node under a name of the cluster: supervised children, and processes that registered themselves.
import { CodedError } from '#base'
import type { AnyBehaviour, StartChild, StartChildResult, StateKeeper, TerminateChild } from '#otp'
import { type Body, Crash, type ExitReason, type Pid, type Runtime, type SpawnCause } from '#process'
import type { ChildData, DirectoryRecord } from './record.ts'
import type { ChildStateKeeper } from './state/child-state-keeper.ts'
import type { Birth, ChildStates } from './state/child-states.ts'

/** What is needed to start a child here. */
export interface ChildToStart {
  readonly key: string
  readonly behaviour: string
  readonly child: ChildData
}

interface Running {
  pid: Pid
  readonly isChild: boolean
  /** Of a child whose state is written. */
  readonly keeper?: ChildStateKeeper | undefined
}

/** Another live node has a greater token for the state of the child: it has the name, or will say so in a moment. */
export const FENCED: ExitReason = { shutdown: 'fenced' }

/** The store could not say what the child has to begin with. */
export const STATE_UNAVAILABLE: ExitReason = { shutdown: 'state_unavailable' }

export class LocalChildren {
  readonly #runtime: Runtime
  /** Local name of the dynamic supervisor that runs the children. */
  readonly #supervisor: string
  readonly #behaviours: ReadonlyMap<string, AnyBehaviour>
  readonly #running = new Map<string, Running>()
  readonly #states: ChildStates | undefined
  #watched: Pid | undefined

  constructor(runtime: Runtime, supervisor: string, behaviours: readonly AnyBehaviour[], states?: ChildStates) {
    this.#states = states
    this.#runtime = runtime
    this.#supervisor = supervisor
    this.#behaviours = new Map(behaviours.map((behaviour) => [behaviour.name, behaviour]))
  }

  keys(): IterableIterator<string> {
    return this.#running.keys()
  }

  running(key: string): Pid | undefined {
    return this.#running.get(key)?.pid
  }

  /** The epoch under which the state of a child that runs here is written: its claim has to have the same. */
  epoch(key: string): number | undefined {
    return this.#running.get(key)?.keeper?.fence.epoch
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

  /** Starts a child under the local supervisor. What there is of its state is found first: meanwhile the supervisor serves others. */
  async start({ key, behaviour: name, child }: ChildToStart, cause: SpawnCause, birth: Birth): Promise<StartChildResult> {
    try {
      const behaviour = this.behaviour(name)
      const { durableBody } = behaviour
      let keeper: ChildStateKeeper | undefined
      if (durableBody !== undefined && this.#states !== undefined) {
        const opened = await this.#states.open(key, name, birth, (reason) => this.#stopKept(key, keeper, reason))
        if (!opened.ok) return { ok: false, reason: opened.reason === 'fenced' ? FENCED : STATE_UNAVAILABLE }
        keeper = opened.keeper
      }
      const request: StartChild = {
        spec: {
          id: key,
          start: [
            keeper === undefined ? behaviour : { ...behaviour, body: (durableBody as (k: StateKeeper) => Body)(keeper) },
            child.argument,
          ],
          restart: child.restart,
          ...(child.shutdown === undefined ? {} : { shutdown: child.shutdown }),
        },
        cause,
      }
      // No deadline of the caller's: how long a start may take is the behaviour's `init`'s to say.
      const result = (await this.#runtime.call(this.#supervisor, 'startChild', request, 60_000)) as StartChildResult
      if (result.ok) {
        this.#running.set(key, { pid: result.pid, isChild: true, keeper })
        this.#watchSupervisor()
        if (keeper?.isShutOut === true) this.#stopKept(key, keeper, FENCED)
      }
      return result
    } catch (error) {
      return { ok: false, reason: new Crash(error) }
    }
  }

  /** Stops what runs under the name, whichever kind it is. */
  async stop(key: string, reason: ExitReason): Promise<void> {
    const running = this.#running.get(key)
    if (running === undefined) return
    this.#running.delete(key)
    if (running.isChild) await this.#runtime.call(this.#supervisor, 'terminateChild', { id: key, reason } satisfies TerminateChild, 60_000)
    else this.#runtime.exit(running.pid, running.pid, reason)
    if (running.keeper !== undefined) this.#states?.release(key)
  }

  /** Its own process asks for it: restarted by its supervisor it would only be told the same again. */
  #stopKept(key: string, keeper: ChildStateKeeper | undefined, reason: ExitReason): void {
    if (keeper === undefined || this.#running.get(key)?.keeper !== keeper) return
    // A supervisor that is gone has taken the child with it.
    this.stop(key, reason).catch(() => undefined)
  }

  /** The birth is over: nothing of its state is kept anywhere. */
  forgetState({ key, behaviour, gen }: DirectoryRecord): void {
    if (this.#behaviours.get(behaviour)?.durableBody !== undefined) this.#states?.forget(key, gen)
  }

  /** A process of this node has registered itself. */
  adopt(key: string, pid: Pid): void {
    this.#running.set(key, { pid, isChild: false })
  }

  restarted(key: string, pid: Pid): void {
    const running = this.#running.get(key)
    if (running !== undefined) running.pid = pid
  }

  gone(key: string): void {
    this.#running.delete(key)
  }

  /** When the supervisor gives up, its children are gone with it; what they leave is found at the next tick. */
  #watchSupervisor(): void {
    const pid = this.#runtime.whereis(this.#supervisor)
    if (pid === undefined || pid === this.#watched) return
    this.#watched = pid
    this.#runtime.monitor(pid, {
      down: () => {
        for (const [key, running] of this.#running) if (running.isChild) this.#running.delete(key)
      },
    })
  }
}
