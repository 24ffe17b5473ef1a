// What a node under proof is told when it is started, what it can be asked, and what it answers.
import type { NodeName } from './schedule.ts'

export interface NodeSettings {
  readonly name: NodeName
  readonly host: string
  readonly port: number
  readonly peers: readonly string[]
  /** Where the engine answers; none: the arbiter is the optimistic one. */
  readonly servers: readonly string[]
  /** Where it writes what it handles, and what happens to it. */
  readonly handled: string
  readonly story: string
}

/** What a node sees: the lives that are there, and the name's owner for each name that has one. */
export interface View {
  readonly alive: readonly string[]
  readonly owners: Readonly<Record<string, string>>
}

/** Who answered for a name, and under which token; or why nobody did. */
export type Answer = { readonly node: string; readonly epoch: number } | { readonly failure: string }

export interface Questions {
  look: { question: undefined; answer: View }
  /** Calls every name. */
  call: { question: undefined; answer: Readonly<Record<string, Answer>> }
  /** Tries to start these names; answers how each try ended. */
  start: { question: { readonly names: readonly string[] }; answer: Readonly<Record<string, string>> }
  move: { question: { readonly name: string; readonly to: NodeName }; answer: string }
  crash: { question: { readonly name: string }; answer: undefined }
  /** Terminates it, and starts it anew. */
  rebirth: { question: { readonly name: string }; answer: string }
  drain: { question: undefined; answer: string }
  undrain: { question: undefined; answer: undefined }
  /** Stands still for so long, in the middle of a message of a name that lives here; answers which, if there is one. */
  freeze: { question: { readonly forMs: number }; answer: string | undefined }
}

/** A node that cannot begin now, and may be started again: the engine does not answer. `EX_TEMPFAIL` of BSD's sysexits. */
export const TRY_AGAIN = 75
