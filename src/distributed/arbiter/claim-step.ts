// Whether a node may claim a name, by what the engine holds of it. Pure: what it decides counts if the write that follows finds the same revision.
import type { NodeId } from '#process'
import type { Claimant } from './arbiter.ts'
import type { NameEntry } from './entries.ts'

export interface ClaimView {
  readonly self: NodeId
  /** The session of this node under which the claim is made. */
  readonly n: number
  /** Whether that session of another node is known to be over. */
  isOver(node: NodeId, n: number): boolean
}

export type ClaimStep =
  | { readonly step: 'write'; readonly gen: number }
  | { readonly step: 'held'; readonly by: NodeId }
  | { readonly step: 'ended' }

export function claimStep(entry: NameEntry | undefined, revision: number, claimant: Claimant, view: ClaimView): ClaimStep {
  const { gen, isNew } = claimant
  if (entry === undefined) return { step: 'write', gen }
  if (!entry.ended && !isFree(entry, revision, claimant, view)) return { step: 'held', by: entry.node }
  if (isNew) return { step: 'write', gen: Math.max(gen, entry.gen + 1) }
  if (gen > entry.gen) return { step: 'write', gen }
  return !entry.ended && gen === entry.gen && claimant.founder === entry.founder ? { step: 'write', gen } : { step: 'ended' }
}

function isFree(entry: NameEntry, revision: number, { isAgreed, epoch }: Claimant, { self, n: own, isOver }: ClaimView): boolean {
  const { node, n } = entry
  // The state that goes with it is that of the epoch to which somebody agreed: after that it may be an old one.
  if (isAgreed) return revision === epoch || (node === '' && entry.unusedSince === epoch)
  if (node === '') return true
  // Its own of this session: nothing runs here under it, or it would not ask. Of one before: that is over.
  if (node === self) return n <= own
  return isOver(node, n)
}
