// What every supervisor does with its children: starts them, sees them end, carries out what the strategy decides, and gives up in time.
import { type ExitMessage, type ExitReason, Pid, type Process, type SpawnCause, type StartResult } from '#process'
import { isShutDownBy } from './auto-shutdown.ts'
import { backoffMs, type Failures, oneMore } from './backoff.ts'
import { Child, type RestartStory } from './child.ts'
import { type ChildSpec, isRestarted, shutdownOf } from './child-spec.ts'
import { Children } from './children.ts'
import { Ending } from './ending.ts'
import type { StopCause } from './events.ts'
import type { Resumed } from './handoff.ts'
import { andThen, inTurn } from './in-turn.ts'
import { RestartIntensity } from './restart-intensity.ts'
import type { RestartSettings } from './restart-limits.ts'
import { restartPlan, type Strategy } from './restart-strategy.ts'
import { SupervisionFacts } from './supervision-facts.ts'

export interface SupervisionOptions extends RestartSettings {
  /** Its name in the tree, the last part of its path. */
  readonly name: string
  readonly strategy: Strategy
  /** Come before the argument of every child. */
  readonly extraArguments?: readonly unknown[] | undefined
  /** Told when a child runs again under a new pid, and when one is gone for good. */
  readonly onRestarted?: ((id: string, pid: Pid) => void) | undefined
  readonly onGone?: ((id: string, reason: ExitReason) => void) | undefined
  /** Told of each failure that counts for the limits, and whether it is one too many. */
  readonly onFailure?: ((id: string, reason: ExitReason, isOneTooMany: boolean) => void) | undefined
}

/** The next try to start a child comes as the info of this name: after messages that wait already, or after its back-off. */
export const RETRY = 'retry_restart'

/** A start that was not made because `init` said so. */
export const isIgnored = (result: StartResult): boolean => !result.ok && result.reason === 'ignore'

/** The state of a supervisor's process. It is one object for the process's life: supervisors have identity. */
export class Supervision {
  /** Static ids from the root down, joined by `/`: a label, so a dynamic supervisor's children do not appear in it. */
  readonly path: string
  readonly strategy: Strategy
  readonly intensity: RestartIntensity
  readonly children = new Children()
  readonly self: Process
  readonly #options: SupervisionOptions
  readonly #facts: SupervisionFacts
  #active = 0
  #restarting = 0
  /** Only of children with a back-off that have failed. */
  #failures: Map<Child, Failures> | undefined
  /** A start, an end or a restart that takes time: no message is handled meanwhile, but it may be told to stop. */
  #underWay: Promise<unknown> | undefined
  #isEnding = false
  #stopCause: StopCause = 'told'

  constructor(self: Process, options: SupervisionOptions) {
    const { supervisor } = self.origin
    this.path = supervisor === undefined ? options.name : `${supervisor}/${options.name}`
    this.self = self
    this.#options = options
    this.strategy = options.strategy
    this.intensity = new RestartIntensity(options.maxRestarts, options.periodMs)
    self.label = this.path
    this.#facts = new SupervisionFacts(self, this.path, this.intensity)
    this.#facts.started(options.strategy)
  }

  get isDynamic(): boolean {
    return this.strategy === 'simple_one_for_one'
  }

  /** How many children there should be. */
  specified(): number {
    return this.children.size
  }

  get active(): number {
    return this.#active
  }

  /** Children that wait for another try. */
  get restarting(): number {
    return this.#restarting
  }

  /** By its id, or by the pid under which it runs. */
  find(child: string | Pid): Child | undefined {
    if (!(child instanceof Pid)) return this.children.get(child)
    // A pid that came from another node is not the object that the process has.
    return this.#ownerOf(this.self.runtime.lookup(child)?.pid ?? child)
  }

  /** A process may be linked to a supervisor that is not its own. */
  #ownerOf({ owner }: Pid): Child | undefined {
    return owner instanceof Child && owner.isOf(this) ? owner : undefined
  }

  /** Whatever takes time goes through here, so that a stop waits for it. */
  during<T>(pending: T | Promise<T>): T | Promise<T> {
    if (!(pending instanceof Promise)) return pending
    const over = () => {
      this.#underWay = undefined
    }
    this.#underWay = pending.then(over, over)
    return pending
  }

  // ---- starting and ending one child

  /** Adds a child and starts it. "If the start fails, the specification is discarded." */
  add(spec: ChildSpec, cause: SpawnCause, resumed?: Resumed): StartResult | Promise<StartResult> {
    const child = new Child(spec, this)
    this.children.add(child)
    const result = this.start(child, cause, resumed)
    return result instanceof Promise ? result.then((settled) => this.#added(child, settled)) : this.#added(child, result)
  }

  #added(child: Child, result: StartResult): StartResult {
    if (!result.ok && !(isIgnored(result) && this.#keepsSpec(child))) this.#forget(child)
    return result
  }

  start(child: Child, cause: SpawnCause, resumed?: Resumed): StartResult | Promise<StartResult> {
    const { spec } = child
    const { extraArguments } = this.#options
    const [behaviour, argument] = spec.start
    child.cause = cause
    const { body } = behaviour
    const given = resumed ?? (extraArguments === undefined ? argument : [...extraArguments, argument])
    const result = this.self.runtime.spawn(body, given, child)
    return result instanceof Promise ? result.then((settled) => this.#keep(child, settled)) : this.#keep(child, result)
  }

  #keep(child: Child, result: StartResult): StartResult {
    if (!result.ok) return result
    child.pid = result.pid
    this.#setStory(child, undefined)
    // Even if it has ended since: then its exit signal is waiting.
    result.pid.owner = child
    this.#active++
    return result
  }

  /** Starts a child that does not run because somebody asked for it. */
  restartByHand(child: Child): StartResult | Promise<StartResult> {
    const { clock } = this.self.runtime
    const startedMono = clock.now()
    const startedAt = clock.wall()
    return andThen(this.start(child, 'restart'), (result) => {
      if (result.ok && this.self.isAlive) {
        this.#facts.restartedByHand(child, result.pid, startedAt, startedMono)
        this.#options.onRestarted?.(child.spec.id, result.pid)
      }
      return result
    })
  }

  /** Ends a child as its specification says, at once where it can. A try to start it again that waits is taken back. */
  end(child: Child, reason: ExitReason = 'shutdown'): void | Promise<void> {
    const ending = new Ending(this.self)
    this.#endBy(ending, child, reason)
    return ending.over
  }

  #endBy(ending: Ending, child: Child, reason: ExitReason): void {
    child.story?.cancel?.()
    this.#setStory(child, undefined)
    const { pid } = child
    if (pid === undefined) return
    this.#noLonger(child, pid)
    const process = this.self.runtime.lookup(pid)
    if (process !== undefined) ending.end(process, shutdownOf(child.spec), reason)
  }

  #noLonger(child: Child, pid: Pid): void {
    pid.owner = undefined
    this.#active--
    child.oldPid = pid
    child.pid = undefined
  }

  /** "Unless it is a temporary child, the child specification is kept"; a dynamic supervisor keeps none. They end at the same time. */
  terminate(children: readonly Child[], reason: ExitReason = 'shutdown'): void | Promise<void> {
    const ending = new Ending(this.self)
    for (const child of children) {
      this.#failures?.delete(child)
      if (!this.#keepsSpec(child)) this.#forget(child)
      this.#endBy(ending, child, reason)
    }
    return ending.over
  }

  delete(child: Child): void {
    this.#forget(child)
  }

  /** Forgets a child that lives on elsewhere; its end here is nobody's business any more. */
  letGo(pid: Pid): void {
    const child = this.#ownerOf(pid)
    if (child === undefined) return
    this.#noLonger(child, pid)
    this.#forget(child)
  }

  #keepsSpec(child: Child): boolean {
    return !this.isDynamic && child.spec.restart !== 'temporary'
  }

  #forget(child: Child): void {
    this.children.delete(child)
    this.#failures?.delete(child)
  }

  // ---- a child has ended

  /** A linked process has ended: its child is started again, or is gone for good. */
  onExit({ from, reason }: ExitMessage): void | Promise<void> {
    const child = this.#ownerOf(from)
    if (child === undefined) return undefined
    this.#noLonger(child, from)
    if (!isRestarted(child.spec.restart, reason)) {
      this.#lose(child, reason)
      if (isShutDownBy(this.#options.autoShutdown, this.children, child)) this.#stopBecause('auto_shutdown')
      return undefined
    }
    const { clock } = this.self.runtime
    return this.#restart({
      target: child,
      origin: child,
      endedPid: from,
      reason,
      startedAt: clock.wall(),
      startedMono: clock.now(),
      tries: 0,
      isCounted: false,
      budgetUsed: 0,
      cancel: undefined,
    })
  }

  /** Counted, so that who looks need not walk all children. */
  #setStory(child: Child, story: RestartStory | undefined): void {
    if (child.story !== undefined) this.#restarting--
    if (story !== undefined) this.#restarting++
    child.story = story
  }

  #lose(child: Child, reason: ExitReason): void {
    if (!this.#keepsSpec(child)) this.#forget(child)
    this.#options.onGone?.(child.spec.id, reason)
  }

  #restart(story: RestartStory): void | Promise<void> {
    if (!this.#isWithinLimits(story)) return undefined
    this.#setStory(story.target, story)
    const waitMs = this.#backoffMs(story.target)
    if (waitMs === undefined) return this.#try(story)
    // Siblings that depend on it are stopped at once, as if it were tried now.
    const { stop } = restartPlan(this.strategy, this.children, story.target)
    story.isCounted = true
    return andThen(this.#endInTurn(stop), () => this.#tryAfter(waitMs, story))
  }

  /** An earlier try has failed, or the back-off is over; the child may have been taken off, or started otherwise, meanwhile. */
  onRetry(story: RestartStory): void | Promise<void> {
    if (story.target.story !== story) return undefined
    story.cancel = undefined
    if (!story.isCounted && !this.#isWithinLimits(story)) return undefined
    story.isCounted = false
    return this.#try(story)
  }

  /** Carries out the plan: stops, then starts. "If more than MaxR restarts occur": one failure is one restart, whatever it takes along. */
  #try(story: RestartStory): void | Promise<void> {
    story.tries++
    const { stop, start } = restartPlan(this.strategy, this.children, story.target)
    if (stop.length === 0) return this.#startFrom(0, start, story)
    return andThen(this.#endInTurn(stop), () => this.#startFrom(0, start, story))
  }

  /** Told to stop meanwhile, it leaves the rest to that. */
  get #goesOn(): boolean {
    return this.self.isAlive && !this.#isEnding
  }

  #endInTurn(children: readonly Child[]): void | Promise<void> {
    return inTurn(
      children,
      (child) => {
        if (!this.#goesOn) return undefined
        if (!this.#keepsSpec(child)) this.#forget(child)
        return this.end(child)
      },
      () => undefined,
    )
  }

  #startFrom(index: number, children: readonly Child[], story: RestartStory): void | Promise<void> {
    for (let i = index; i < children.length; i++) {
      if (!this.#goesOn) return undefined
      const child = children[i] as Child
      const result = this.start(child, 'restart')
      if (result instanceof Promise) {
        return result.then((settled) => (this.#isStarted(child, story, settled) ? this.#startFrom(i + 1, children, story) : undefined))
      }
      if (!this.#isStarted(child, story, result)) return undefined
    }
    return undefined
  }

  #isStarted(child: Child, story: RestartStory, result: StartResult): boolean {
    // A supervisor that was killed meanwhile has taken the child with it.
    if (!this.self.isAlive) return false
    if (result.ok) {
      this.#noteHealth(child)
      this.#facts.restarted(child, result.pid, story)
      this.#options.onRestarted?.(child.spec.id, result.pid)
      return true
    }
    if (isIgnored(result)) {
      this.#setStory(child, undefined)
      this.#lose(child, 'ignore')
      return true
    }
    this.#tryAgain(child, story, result.reason)
    return false
  }

  #tryAgain(child: Child, story: RestartStory, reason: ExitReason): void {
    this.#setStory(story.target, undefined)
    story.target = child
    this.#setStory(child, story)
    this.#facts.restartFailed(child, story, reason)
    const waitMs = this.#backoffMs(child)
    if (waitMs !== undefined) this.#tryAfter(waitMs, story)
    // Not at once: other processes take their turn first. Children of a supervisor that was killed may still hold the names it needs.
    else queueMicrotask(() => this.#goesOn && this.self.info(RETRY, story))
  }

  #tryAfter(ms: number, story: RestartStory): void {
    if (!this.#goesOn) return
    const timer = this.self.sendAfter(ms, RETRY, story)
    story.cancel = () => timer.cancel()
  }

  #backoffMs(child: Child): number | undefined {
    const backoff = child.spec.backoff ?? this.#options.backoff
    if (backoff === undefined) return undefined
    this.#failures ??= new Map()
    const failures = oneMore(backoff, this.#failures.get(child), this.self.runtime.clock.now())
    this.#failures.set(child, failures)
    return backoffMs(backoff, failures.count - 1, this.#options.random)
  }

  #noteHealth(child: Child): void {
    const failures = this.#failures?.get(child)
    if (failures !== undefined) this.#failures?.set(child, { count: failures.count, restartedAt: this.self.runtime.clock.now() })
  }

  // ---- its own end

  #isWithinLimits(story: RestartStory): boolean {
    const { exceeded, used } = this.intensity.add(this.self.runtime.clock.now())
    story.budgetUsed = used
    this.#options.onFailure?.(story.target.spec.id, story.reason, exceeded)
    if (!exceeded) return true
    this.#setStory(story.target, undefined)
    this.#facts.intensityExceeded(story)
    this.#stopBecause('intensity_exceeded')
    return false
  }

  #stopBecause(cause: StopCause): void {
    this.#stopCause = cause
    this.self.stop('shutdown')
  }

  /** Stops all children: "in reversed start order"; those of a dynamic supervisor all at once. What is under way comes to its end first. */
  stop(reason: ExitReason): void | Promise<void> {
    this.#isEnding = true
    return this.#underWay === undefined ? this.#stopAll(reason) : this.#underWay.then(() => this.#stopAll(reason))
  }

  #stopAll(reason: ExitReason): void | Promise<void> {
    if (!this.isDynamic) return this.endAll(() => this.#facts.stopped(reason, this.#stopCause))
    const ending = new Ending(this.self)
    for (const child of this.children) this.#endBy(ending, child, 'shutdown')
    this.children.clear()
    const { over } = ending
    return over === undefined ? this.#facts.stopped(reason, this.#stopCause) : over.then(() => this.#facts.stopped(reason, this.#stopCause))
  }

  /** One after the other in reversed start order. */
  endAll<R>(done: () => R): R | Promise<R> {
    return inTurn([...this.children].reverse(), (child) => this.end(child), done)
  }
}
