// The target's half of a handoff: it prepares a process that takes no messages, and claims the name only when the source says so. Pure.

/** `loading`: the state comes in, and is loaded. `warm`: the process is there and handles nothing. `done`: it runs and owns the name. */
export type TargetPhase = 'loading' | 'warm' | 'done'

export type TargetEvent =
  | 'loaded'
  /** The behaviour or its version is not known here, `load` threw, or the state was too large. */
  | 'not_loaded'
  | 'abort'
  | 'commit'
  /** A record or the view of members has changed. */
  | 'changed'
  | 'tick'

export interface TargetView {
  readonly isSourceAlive: boolean
  /** This node has joined, is not leaving, and has the quorum it may need. */
  readonly mayOwn: boolean
  /** Whether the claim that this handoff would make (same birth, one epoch later, owned here) beats the record. */
  readonly wouldWin: boolean
}

/** `claim`: write the record, let the process run, and say so. `activate`: say so once more. `discard`: end what was prepared. */
export type TargetAction = 'ready' | 'refuse' | 'claim' | 'activate' | 'discard'

export interface TargetStep {
  readonly phase: TargetPhase | undefined
  readonly actions: readonly TargetAction[]
}

/** `phase` is `undefined` for a handoff that this node does not know, or not any more. */
export function targetStep(phase: TargetPhase | undefined, event: TargetEvent, view: TargetView): TargetStep {
  if (phase === undefined) return { phase, actions: event === 'commit' ? ['refuse'] : [] }
  // It answers for as long as it is remembered: an answer that was lost is asked for again.
  if (phase === 'done') return { phase, actions: event === 'commit' ? ['activate'] : [] }
  if (event === 'abort' || !view.isSourceAlive) return { phase: undefined, actions: ['discard'] }
  if (event === 'not_loaded' || !view.mayOwn) return { phase: undefined, actions: ['refuse', 'discard'] }
  if (phase === 'loading') {
    if (event === 'loaded') return { phase: 'warm', actions: ['ready'] }
    return { phase: event === 'commit' ? undefined : phase, actions: event === 'commit' ? ['refuse', 'discard'] : [] }
  }
  if (event === 'commit')
    return view.wouldWin ? { phase: 'done', actions: ['claim'] } : { phase: undefined, actions: ['refuse', 'discard'] }
  return { phase, actions: event === 'tick' ? ['ready'] : [] }
}
