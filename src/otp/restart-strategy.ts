// What a strategy does when a child has ended and is to be started again: which children are stopped, and which started. Pure.

/**
 * `one_for_one`: only that child; `one_for_all`: all of them; `rest_for_one`: that child and those after it in the start order;
 * `simple_one_for_one`: a dynamic supervisor's, whose children have no order.
 */
export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'simple_one_for_one'

/** What a decider has to know of a child. */
export interface Sibling {
  readonly spec: { readonly restart?: 'permanent' | 'transient' | 'temporary' }
}

export interface RestartPlan<C> {
  /** Siblings to be terminated, in this order: the reverse of the start order. Temporary ones do not come back. */
  readonly stop: readonly C[]
  /** What is started after that, in this order. */
  readonly start: readonly C[]
}

const NOBODY: readonly never[] = []

/** Decides for `ended`, one of `children`, which are in start order. `ended` is itself to be started again; siblings that do not run are started, too. */
export function restartPlan<C extends Sibling>(strategy: Strategy, children: Iterable<C>, ended: C): RestartPlan<C> {
  if (strategy === 'one_for_one' || strategy === 'simple_one_for_one') return { stop: NOBODY, start: [ended] }
  const all = [...children]
  const affected = strategy === 'one_for_all' ? all : all.slice(all.indexOf(ended))
  return {
    stop: affected.filter((child) => child !== ended).reverse(),
    start: affected.filter((child) => child.spec.restart !== 'temporary'),
  }
}
