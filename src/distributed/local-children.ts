// The processes that run on this node under a name of the cluster: supervised children, and processes that registered themselves.
import { CodedError } from '#base'
import type { AnyBehaviour, StartChild, StartChildResult, TerminateChild } from '#otp'
import { Crash, type ExitReason, type Pid, type Runtime, type SpawnCause } from '#process'
import type { ChildData } from './record.ts'

/** What is needed to start a child here. */
export interface ChildToStart {
  readonly key: string
  readonly behaviour: string
  readonly child: ChildData
}

interface Running {
  pid: Pid
  readonly isChild: boolean
}

export class LocalChildren {
  readonly #runtime: Runtime
  /** Local name of the dynamic supervisor that runs the children. */
  readonly #supervisor: string
  readonly #behaviours: ReadonlyMap<string, AnyBehaviour>
  readonly #running = new Map<string, Running>()
  #watched: Pid | undefined

  constructor(runtime: Runtime, supervisor: string, behaviours: readonly AnyBehaviour[]) {
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

  /** Throws `ERR_OTP_DISTRIBUTED_UNKNOWN_BEHAVIOUR`: nodes start behaviours by name, and only those they were given. */
  behaviour(name: string): AnyBehaviour {
    const behaviour = this.#behaviours.get(name)
    if (behaviour !== undefined) return behaviour
    throw new CodedError(
      'ERR_OTP_DISTRIBUTED_UNKNOWN_BEHAVIOUR',
      `node ${this.#runtime.id} has no behaviour '${name}'; it has: ${[...this.#behaviours.keys()].join(', ')}. List it in createNode({ behaviours })`,
    )
  }

  /** Starts a child under the local supervisor. */
  async start({ key, behaviour, child }: ChildToStart, cause: SpawnCause): Promise<StartChildResult> {
    try {
      const request: StartChild = {
        spec: {
          id: key,
          start: [this.behaviour(behaviour), child.argument],
          restart: child.restart,
          ...(child.shutdown === undefined ? {} : { shutdown: child.shutdown }),
        },
        cause,
      }
      // No deadline of the caller's: how long a start may take is the behaviour's `init`'s to say.
      const result = (await this.#runtime.call(this.#supervisor, 'startChild', request, 60_000)) as StartChildResult
      if (result.ok) {
        this.#running.set(key, { pid: result.pid, isChild: true })
        this.#watchSupervisor()
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
