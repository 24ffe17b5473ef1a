// How a child has fared, as its record tells every node. Pure.
import type { NodeId } from '#process'

/** How a child has fared since it last ran well. It travels in the child's record: whoever owns it next knows. */
export interface Failures {
  /** How often in a row a node could not keep it running. */
  readonly count: number
  /** Those nodes, each once. */
  readonly on: readonly NodeId[]
  /** The last failure: its exit reason in words, and the wall clock, ms. */
  readonly reason: string
  readonly at: number
  /** How long its next owner waits before it starts it. */
  readonly waitMs: number
  /** Nothing is tried any more until somebody releases it. */
  readonly isQuarantined: boolean
}
