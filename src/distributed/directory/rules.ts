// The rules that the directory stands on, as values: a simulation takes one away and sees what it is there for. Pure.
import type { NodeId } from '#process'
import { compareRecords, type DirectoryRecord } from './record.ts'

/** What makes a node look whether a name falls to it: its own beat, a merged record, a member that died, another change. */
export type Trigger = 'tick' | 'merge' | 'death' | 'change'

/** A member as those see it who want to forget an ended birth. */
export interface Witness {
  readonly isAlive: boolean
  /** It left, or a younger life of its name is known: this life never speaks again. */
  readonly isGone: boolean
  /** It has been silent for so long that its id is about to be forgotten. */
  readonly isForgotten: boolean
}

export interface Rules {
  /** Decides between two records of one name; positive if `a` wins. The whole rule for conflicts. */
  readonly order: (a: DirectoryRecord, b: DirectoryRecord) => number
  /** Whether a piece of a section that begins after version `base` may be merged where everything up to `known` is. */
  readonly follows: (base: number, known: number) => boolean
  /** Whether a record is to be merged where everything up to `known` is: what was merged before may have ended and been forgotten since. */
  readonly isNew: (version: number, known: number) => boolean
  /** Whose section a node's records are: one for each of its lives, or a new life would go on counting where nobody knows. */
  readonly writerOf: (id: NodeId) => NodeId
  /** The next birth of a name, given the highest birth seen of any name, and the last of this one. */
  readonly nextBirth: (lamport: number, last: number | undefined) => number
  /** Whether a member has to have merged the end of a birth before that may be forgotten. Who is only down may come back. */
  readonly mustHaveMerged: (witness: Witness) => boolean
  /** Equal versions but different hashes so often in a row: all records are sent once. */
  readonly mismatchesBeforeFull: number
  /** Whether a node looks then for names of a dead owner. At every chance: the moment of a death may be missed, or come too early. */
  readonly takesOverAt: (trigger: Trigger, isOfOwner: boolean) => boolean
}

export const RULES: Rules = {
  order: compareRecords,
  follows: (base, known) => base <= known,
  isNew: (version, known) => version > known,
  writerOf: (id) => id,
  nextBirth: (lamport) => lamport + 1,
  mustHaveMerged: ({ isGone, isForgotten }) => !isGone && !isForgotten,
  mismatchesBeforeFull: 3,
  takesOverAt: () => true,
}
