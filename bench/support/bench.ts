// A benchmark as a table: what is measured of ours, what stands beside it, and what is to be reached.
import type { Goal } from './goals.ts'

/** What one run of a program measured, by name. */
export type Figures = Readonly<Record<string, number>>

/** A program that measures in an OS process of its own and prints its `Figures` as the last line of its output. */
export type Command = readonly [file: string, ...args: string[]]

/** One figure of what a command measures; commands that are the same are run once. */
export interface Source {
  readonly command: Command
  readonly figure: string
}

/** What a peer is measured by; where it is not installed, or cannot be run at all, the reference stands in for it. */
export interface PeerSource {
  readonly source?: Source | undefined
  readonly reference?: number | undefined
}

/** One thing that is measured: of ours with nothing observing, with everything observing, and of each peer. */
export interface Row {
  /** What `--only` looks in: unique in its bench. */
  readonly name: string
  readonly title: string
  readonly unit: string
  readonly better: 'higher' | 'lower'
  readonly ours: Source
  readonly observed?: Source
  readonly peers: Readonly<Record<string, PeerSource>>
  readonly goals: readonly Goal[]
}

export interface Bench {
  readonly name: string
  /** When, or on what, the reference figures were measured. */
  readonly referencesOf: string
  readonly rows: readonly Row[]
}

/** A figure of this run, or a reference that stands in for it. */
export interface Measured {
  readonly median: number
  readonly isReference: boolean
}

/** A row with its figures. */
export interface Result {
  readonly row: Row
  readonly ours: number
  readonly observed: number | undefined
  readonly peers: Readonly<Record<string, Measured>>
}

/** How many times better ours is than a peer's figure: above 1, ours is ahead, whichever way is better. Two alike are 1, also where both are 0. */
export function timesBetter(better: Row['better'], ours: number, peer: number): number {
  if (ours === peer) return 1
  return better === 'higher' ? ours / peer : peer / ours
}
