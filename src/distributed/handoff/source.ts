// The source's half of a handoff: what it does at each event, so that a process that moves is never in two places nor in none. Pure.

/**
 * `preparing`: the message under way ends, what comes is held, the state is saved. `offered`: the state is on its way, or there.
 * `committed`: the target was told to claim the name; from here on the record decides, not the source.
 */
export type SourcePhase =
  | { readonly at: 'preparing'; readonly since: number }
  | { readonly at: 'offered'; readonly progressAt: number }
  | { readonly at: 'committed'; readonly since: number }

export type SourceEvent =
  | 'saved'
  | 'not_saved'
  /** The target has taken another piece of the state. */
  | 'progress'
  | 'ready'
  | 'refused'
  /** The target runs, and its record has been merged. */
  | 'active'
  /** A record or the view of members has changed. */
  | 'changed'
  | 'tick'

/**
 * What the record says of the name: it is `mine` still; `claimed` by the target in this very handoff; `passed_on`: live and another's, in the
 * same birth; `over`: the birth has ended, or there is a later one.
 */
export type Standing = 'mine' | 'claimed' | 'passed_on' | 'over'

export interface SourceView {
  /** Monotonic ms. */
  readonly now: number
  readonly standing: Standing
  readonly isTargetAlive: boolean
}

/**
 * `resume`: the process goes on here with its own state. `reclaim`: the same, after a claim that beats the one which the target may still
 * make. `forward`: what is held goes to the target, and whatever still comes. `stop`: the name is another's, or nobody's.
 */
export type SourceAction = 'offer' | 'commit' | 'abort' | 'resume' | 'reclaim' | 'forward' | 'stop'

/** How a handoff ended, as metrics say it. */
export type HandoffOutcome = 'completed' | 'resumed' | 'refused' | 'stopped'

export interface SourceStep {
  readonly phase: SourcePhase | undefined
  readonly actions: readonly SourceAction[]
  /** Set when it is over. */
  readonly outcome?: HandoffOutcome
}

/**
 * A process that has not come to rest, or has no turn, after so long is wanted more than moved: a callback may never end, nor a write. Longer than a
 * store takes to give a write up.
 */
export const PREPARE_MS = 12_000
/** Without a sign of progress for so long the target is given up: the state is here, and the process is wanted. */
export const READY_MS = 3000
/** After the commit the source waits longer: to resume beside a target that runs costs a conflict. */
export const ACTIVE_MS = 10_000

export function sourceStep(phase: SourcePhase, event: SourceEvent, view: SourceView): SourceStep {
  switch (phase.at) {
    case 'preparing':
      return whilePreparing(phase, event, view)
    case 'offered':
      return whileOffered(phase, event, view)
    case 'committed':
      return whileCommitted(phase, event, view)
    default:
      return phase satisfies never
  }
}

function whilePreparing(phase: SourcePhase & { at: 'preparing' }, event: SourceEvent, view: SourceView): SourceStep {
  if (view.standing !== 'mine') return over('stopped', 'stop')
  if (event === 'not_saved' || !view.isTargetAlive) return over('resumed', 'resume')
  if (event === 'saved') return { phase: { at: 'offered', progressAt: view.now }, actions: ['offer'] }
  if (view.now - phase.since >= PREPARE_MS) return over('resumed', 'resume')
  return { phase, actions: [] }
}

function whileOffered(phase: SourcePhase & { at: 'offered' }, event: SourceEvent, view: SourceView): SourceStep {
  if (view.standing !== 'mine') return over('stopped', 'abort', 'stop')
  if (event === 'refused') return over('refused', 'abort', 'resume')
  if (event === 'ready') return { phase: { at: 'committed', since: view.now }, actions: ['commit'] }
  if (!view.isTargetAlive) return over('resumed', 'abort', 'resume')
  if (event === 'progress') return { phase: { at: 'offered', progressAt: view.now }, actions: [] }
  if (view.now - phase.progressAt >= READY_MS) return over('resumed', 'abort', 'resume')
  return { phase, actions: [] }
}

function whileCommitted(phase: SourcePhase & { at: 'committed' }, event: SourceEvent, view: SourceView): SourceStep {
  if (event === 'active' || view.standing === 'claimed') return over('completed', 'forward')
  if (view.standing === 'over') return over('stopped', 'abort', 'stop')
  const isGivenUp = !view.isTargetAlive || view.now - phase.since >= ACTIVE_MS
  if (event === 'refused' || isGivenUp) {
    // Who has not the name any more must not take it back: what was saved lives on there, or was taken over.
    if (view.standing !== 'mine') return over('stopped', 'stop')
    return over(event === 'refused' ? 'refused' : 'resumed', 'reclaim')
  }
  // A commit that was lost is said again; the target answers each alike.
  return { phase, actions: event === 'tick' || event === 'ready' ? ['commit'] : [] }
}

function over(outcome: HandoffOutcome, ...actions: SourceAction[]): SourceStep {
  return { phase: undefined, actions, outcome }
}
