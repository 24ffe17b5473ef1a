// What a supervisor states of itself and its children, in the words of the event stream.
import { type ExitReason, isOrderly, type Pid, type Process } from '#process'
import type { Child, RestartStory } from './child.ts'
import { otpEvents, type RestartCause, type StopCause } from './events.ts'
import type { RestartIntensity } from './restart-intensity.ts'
import type { Strategy } from './restart-strategy.ts'

export class SupervisionFacts {
  readonly #self: Process
  readonly #path: string
  readonly #intensity: RestartIntensity

  constructor(self: Process, path: string, intensity: RestartIntensity) {
    this.#self = self
    this.#path = path
    this.#intensity = intensity
  }

  started(strategy: Strategy): void {
    const { maxRestarts, periodMs } = this.#intensity
    otpEvents(this.#self.runtime).emit('supervisor.started', {
      supervisor: this.#path,
      pid: this.#self.pid,
      strategy,
      maxRestarts,
      periodMs,
    })
  }

  restarted(child: Child, newPid: Pid, story: RestartStory): void {
    const { reason, endedPid, budgetUsed, startedAt, startedMono } = story
    this.#restarted(child, newPid, causeOf(child, story), reason, endedPid, budgetUsed, startedAt, startedMono)
  }

  /** Somebody asked for it: it counts for no limit, and is a story of its own. */
  restartedByHand(child: Child, newPid: Pid, startedAt: number, startedMono: number): void {
    const { maxRestarts } = this.#intensity
    const budgetUsed = maxRestarts === 0 ? 0 : Math.min(1, this.#intensity.count(startedMono) / maxRestarts)
    this.#restarted(child, newPid, 'manual', undefined, newPid, budgetUsed, startedAt, startedMono)
  }

  #restarted(
    child: Child,
    newPid: Pid,
    cause: RestartCause,
    reason: ExitReason | undefined,
    restartId: Pid,
    budgetUsed: number,
    startedAt: number,
    startedMono: number,
  ): void {
    const events = otpEvents(this.#self.runtime)
    if (!events.wants('supervisor.child_restarted')) return
    events.emit('supervisor.child_restarted', {
      supervisor: this.#path,
      child: child.spec.id,
      behaviour: child.spec.start[0].name,
      cause,
      restartId,
      reason,
      oldPid: child.oldPid,
      newPid,
      budgetUsed,
      startedAt,
      durationMs: this.#self.runtime.clock.now() - startedMono,
    })
  }

  restartFailed(child: Child, story: RestartStory, reason: ExitReason): void {
    otpEvents(this.#self.runtime).emit('supervisor.restart_failed', {
      supervisor: this.#path,
      child: child.spec.id,
      behaviour: child.spec.start[0].name,
      restartId: story.endedPid,
      reason,
      at: this.#self.runtime.clock.wall(),
    })
  }

  intensityExceeded(story: RestartStory): void {
    const { runtime, pid } = this.#self
    otpEvents(runtime).emit('supervisor.intensity_exceeded', {
      supervisor: this.#path,
      pid,
      child: story.target.spec.id,
      restartId: story.endedPid,
      reason: story.reason,
      maxRestarts: this.#intensity.maxRestarts,
      periodMs: this.#intensity.periodMs,
      at: runtime.clock.wall(),
      trace: runtime.tracing?.current(),
    })
  }

  stopped(reason: ExitReason, cause: StopCause): void {
    otpEvents(this.#self.runtime).emit('supervisor.stopped', { supervisor: this.#path, pid: this.#self.pid, reason, cause })
  }
}

function causeOf(child: Child, story: RestartStory): RestartCause {
  if (child !== story.origin) return child === story.target ? 'retry' : 'sibling'
  if (story.tries > 1) return 'retry'
  return isOrderly(story.reason) ? 'exit' : 'crash'
}
