// Where a child of a node that drains goes next, and what became of it when there is nothing more to try. Pure.
import type { NodeId } from '#process'
import type { MoveOutcome } from '../children/mover.ts'

/**
 * `moved`: it goes on elsewhere with its state. `restarted`: it was stopped here and begins anew elsewhere. `stopped`: no other node can have it,
 * or it is never started twice. `gaveUp`: the time was up. `gone`: it had ended, or was another node's, before anything was done.
 */
export type Fate = 'moved' | 'restarted' | 'stopped' | 'gaveUp' | 'gone'

export interface DrainView {
  /** Whether the child is live, and this node's. */
  readonly isOurs: boolean
  /** Whether it may be moved at all. */
  readonly canMove: boolean
  /** The time is up, or nobody wants to wait any longer. */
  readonly isOver: boolean
  /** Nodes that may be given it, and those of them that were tried already. */
  readonly candidates: readonly NodeId[]
  readonly tried: ReadonlySet<NodeId>
}

export type DrainStep = { readonly to: NodeId } | { readonly fate: Fate }

/** `choose` is the strategy's choice among some of the candidates: it spreads children over all that are left. */
export function drainStep(view: DrainView, choose: (among: readonly NodeId[]) => NodeId | undefined): DrainStep {
  if (!view.isOurs) return { fate: 'gone' }
  if (view.isOver) return { fate: 'gaveUp' }
  const to = view.canMove ? choose(view.candidates.filter((id) => !view.tried.has(id))) : undefined
  return to === undefined ? { fate: 'stopped' } : { to }
}

/** What a move that is over means for the drain; `undefined`: it goes on here, or its name tells more, and the next candidate may have it. */
export function fateOf(outcome: MoveOutcome): Fate | undefined {
  if (outcome === 'completed') return 'moved'
  return outcome === 'restarted' ? 'restarted' : undefined
}
