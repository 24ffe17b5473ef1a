// The rules that a handoff stands on, as values: a simulation takes one away and sees what it is there for. Pure.

export interface HandoffRules {
  /** The target claims the name when the source says so, and not as soon as it could: the source may have given it up. */
  readonly waitsForCommit: boolean
  /** The source merges the target's record before it passes anything on: who sends by name here must not send to a process that is gone. */
  readonly mergesFirst: boolean
  /** Who sends by name waits until what it had sent to the old place has arrived. */
  readonly fences: boolean
  /** What a sender has given up waiting for is refused when it comes at last. */
  readonly refusesLate: boolean
  /** With an arbiter, a source that has told the target to claim the name goes on only if the arbiter gives the name back. */
  readonly asksArbiter: boolean
}

export const HANDOFF_RULES: HandoffRules = { waitsForCommit: true, mergesFirst: true, fences: true, refusesLate: true, asksArbiter: true }
