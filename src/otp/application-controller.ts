// The applications of one node: started in the order of their dependencies, watched, and stopped in reverse.
import { CodedError } from '#base'
import { Crash, describeExit, type ExitReason, type Process, type Runtime } from '#process'
import { type AnyApplication, type ApplicationContext, type ApplicationWith, inOrder } from './application.ts'
import { otpEvents } from './events.ts'
import { callerOf, type Owner } from './owner.ts'

/**
 * What the end of an application that nobody stopped means for its node. `permanent`: the others are stopped, and the node;
 * `transient`: the same unless the reason is `normal`, which a supervisor's is not; `temporary`: it is reported.
 */
export type ApplicationType = 'permanent' | 'transient' | 'temporary'

interface Failed {
  readonly ok: false
  readonly application: string
}

/** `not_started`: `application`, on which this one depends. `failed`: `application` did not start, and `because` says why. */
export type StartApplicationResult =
  | { readonly ok: true }
  | (Failed & { readonly reason: 'already_started' | 'not_started' })
  | (Failed & { readonly reason: 'failed'; readonly because: ExitReason })

/** `started`: what was started and had not been. */
export type EnsureAllStartedResult =
  | { readonly ok: true; readonly started: readonly string[] }
  | Exclude<StartApplicationResult, { readonly ok: true }>

export type StopApplicationResult = { readonly ok: true } | (Failed & { readonly reason: 'not_started' })

interface Loaded {
  readonly application: AnyApplication
  readonly env: Record<PropertyKey, unknown>
}

interface Running {
  readonly application: AnyApplication
  readonly type: ApplicationType
  readonly top: Process
  readonly startedMono: number
  readonly state: unknown
  /** Set from the moment somebody stops it, or its tree has ended by itself. */
  stopping: Promise<void> | undefined
}

export class Applications {
  readonly #runtime: Runtime
  readonly #terminate: (reason: string) => void
  readonly #loaded = new Map<string, Loaded>()
  /** In the order in which they were started. */
  readonly #running = new Map<string, Running>()
  readonly #starting = new Map<string, Promise<StartApplicationResult>>()
  #terminating = false

  /** `terminate` is told once, in words, that the node is to stop: an application has ended without which it is not to run. */
  constructor(owner: Owner, terminate: (reason: string) => void) {
    this.#runtime = callerOf(owner).runtime
    this.#terminate = terminate
  }

  /** Makes an application known, with what this node configures over its defaults. A start does so, too, with nothing configured. */
  load<E extends object>(application: ApplicationWith<E>, env: Partial<E> = {}): void {
    Object.assign(this.#envOf(application), env)
  }

  /** Starts an application whose dependencies are started. A start that is under way already is waited for. */
  async start(application: AnyApplication, type: ApplicationType = 'temporary'): Promise<StartApplicationResult> {
    const { name } = application
    const env = this.#envOf(application)
    let starting = this.#starting.get(name)
    if (starting === undefined) {
      // Noted before anything is waited for: a stop that is asked for after this waits for it.
      starting = this.#startAfter(this.#running.get(name)?.stopping, application, type, { env })
      this.#starting.set(name, starting)
      const over = (): void => void this.#starting.delete(name)
      starting.then(over, over)
    }
    return starting
  }

  /**
   * Starts an application after all it depends on that is not started yet; `type` is that of each. If one fails, those that were
   * started for it are stopped again.
   */
  async ensureAllStarted(application: AnyApplication, type: ApplicationType = 'temporary'): Promise<EnsureAllStartedResult> {
    const started: AnyApplication[] = []
    for (const each of inOrder(application)) {
      const isOurs = !this.#starting.has(each.name)
      const result = await this.start(each, type)
      if (result.ok) {
        if (isOurs) started.push(each)
      } else if (result.reason !== 'already_started') {
        for (const one of started.reverse()) await this.stop(one)
        return result
      }
    }
    return { ok: true, started: started.map(({ name }) => name) }
  }

  /** Stops an application: `prepStop`, its tree, `stop`. What depends on it goes on. */
  async stop({ name }: AnyApplication): Promise<StopApplicationResult> {
    const starting = this.#starting.get(name)
    if (starting !== undefined) await starting
    const running = this.#running.get(name)
    if (running === undefined) return { ok: false, reason: 'not_started', application: name }
    // Noted before the tree is told: one that ends at once must not look as if it had ended by itself.
    running.stopping ??= Promise.resolve().then(() => this.#stop(running))
    await running.stopping
    return { ok: true }
  }

  /** Stops all, the last that was started first. */
  async stopAll(): Promise<void> {
    await Promise.all(this.#starting.values())
    for (const { application } of [...this.#running.values()].reverse()) await this.stop(application)
  }

  /** The names of those that run, in the order in which they were started, and how each was. */
  which(): readonly { readonly name: string; readonly type: ApplicationType }[] {
    return [...this.#running.values()].map(({ application, type }) => ({ name: application.name, type }))
  }

  /** The names of those that are known here. */
  loaded(): readonly string[] {
    return [...this.#loaded.keys()]
  }

  getEnv<E extends object, N extends keyof E>(application: ApplicationWith<E>, parameter: N): E[N] | undefined {
    return this.#envOf(application)[parameter] as E[N] | undefined
  }

  getAllEnv<E extends object>(application: ApplicationWith<E>): Readonly<Partial<E>> {
    return { ...this.#envOf(application) } as Partial<E>
  }

  /** An application that runs sees the change when it looks. */
  setEnv<E extends object, N extends keyof E>(application: ApplicationWith<E>, parameter: N, value: E[N]): void {
    this.#envOf(application)[parameter] = value
  }

  unsetEnv<E extends object>(application: ApplicationWith<E>, parameter: keyof E): void {
    delete this.#envOf(application)[parameter]
  }

  #envOf(application: AnyApplication): Record<PropertyKey, unknown> {
    const known = this.#loaded.get(application.name)
    if (known?.application === application) return known.env
    if (known !== undefined) {
      throw new CodedError('ERR_OTP_OTP_BAD_APPLICATION', `two applications of node ${this.#runtime.id} are named '${application.name}'`)
    }
    const env = { ...application.env }
    this.#loaded.set(application.name, { application, env })
    return env
  }

  async #startAfter(
    stopping: Promise<void> | undefined,
    application: AnyApplication,
    type: ApplicationType,
    context: ApplicationContext<Record<PropertyKey, unknown>>,
  ): Promise<StartApplicationResult> {
    if (stopping !== undefined) await stopping
    if (this.#running.has(application.name)) return { ok: false, reason: 'already_started', application: application.name }
    const missing = application.applications.find((dependency) => !this.#running.has(dependency.name))
    if (missing !== undefined) return { ok: false, reason: 'not_started', application: missing.name }
    return this.#start(application, type, context)
  }

  async #start(
    application: AnyApplication,
    type: ApplicationType,
    context: ApplicationContext<Record<PropertyKey, unknown>>,
  ): Promise<StartApplicationResult> {
    const { clock } = this.#runtime
    const { name } = application
    const startedAt = clock.wall()
    const startedMono = clock.now()
    const failed = (because: ExitReason): StartApplicationResult => ({ ok: false, reason: 'failed', application: name, because })
    let started: Awaited<ReturnType<AnyApplication['start']>>
    try {
      started = await application.start(context)
    } catch (error) {
      return failed(new Crash(error))
    }
    const { supervisor, state } = 'supervisor' in started ? started : { supervisor: started, state: undefined }
    const result = await this.#runtime.spawn(supervisor.body, undefined, { cause: 'boot' })
    if (!result.ok) return failed(result.reason)
    const top = result.pid.process
    if (top === undefined) return failed('noproc')
    const running: Running = { application, type, top, startedMono, state, stopping: undefined }
    try {
      for (const phase of application.startPhases ?? []) await phase.run(context, top.pid)
    } catch (error) {
      await ended(top)
      return failed((await this.#cleanUp(running, state)) ?? new Crash(error))
    }
    if (top.endedWith !== undefined) return failed((await this.#cleanUp(running, state)) ?? top.endedWith)
    this.#running.set(name, running)
    this.#runtime.monitor(top.pid, { down: (_ref, _pid, reason) => this.#onDown(running, reason) })
    otpEvents(this.#runtime).emit('application.started', {
      application: name,
      restart: type,
      pid: top.pid,
      startedAt,
      durationMs: clock.now() - startedMono,
    })
    return { ok: true }
  }

  async #stop(running: Running): Promise<void> {
    const { application, top, state } = running
    let prepared = state
    let failure: ExitReason | undefined
    try {
      if (application.prepStop !== undefined) prepared = await application.prepStop(state)
    } catch (error) {
      failure = new Crash(error)
    }
    await ended(top)
    failure = (await this.#cleanUp(running, prepared)) ?? failure
    this.#stopped(running, failure ?? top.endedWith ?? 'normal', 'told')
  }

  #onDown(running: Running, reason: ExitReason): void {
    if (running.stopping === undefined) running.stopping = this.#endedByItself(running, reason)
  }

  async #endedByItself(running: Running, reason: ExitReason): Promise<void> {
    const { application, type, state } = running
    await this.#cleanUp(running, state)
    this.#stopped(running, reason, 'ended')
    if (type === 'temporary' || (type === 'transient' && reason === 'normal') || this.#terminating) return
    this.#terminating = true
    // Not waited for: it waits for this one, too, if somebody stops that.
    void this.stopAll().then(() => this.#terminate(`application ${application.name}, which is ${type}, has ended: ${describeExit(reason)}`))
  }

  /** Runs `stop`; the answer is what it threw, which stops nothing. */
  async #cleanUp({ application }: Running, state: unknown): Promise<ExitReason | undefined> {
    try {
      await application.stop?.(state)
      return undefined
    } catch (error) {
      return new Crash(error)
    }
  }

  #stopped({ application, type, startedMono }: Running, reason: ExitReason, cause: 'told' | 'ended'): void {
    this.#running.delete(application.name)
    const { clock } = this.#runtime
    otpEvents(this.#runtime).emit('application.stopped', {
      application: application.name,
      restart: type,
      reason,
      cause,
      at: clock.wall(),
      lifetimeMs: clock.now() - startedMono,
    })
  }
}

/** Ends the tree as its supervisor would, and resolves when all of it has ended. */
function ended(top: Process): Promise<void> {
  return new Promise((resolve) => {
    top.runtime.monitor(top.pid, { down: () => resolve() })
    top.stop('shutdown')
  })
}
