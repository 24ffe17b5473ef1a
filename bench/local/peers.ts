// The peers: who stands beside us, by which program each is measured, and the figures that stand in for one that is not installed.
import type { Command, PeerSource } from '#bench/support/bench.ts'
import { isOnPath, isPackageInstalled, nodeProgram } from '#bench/support/child.ts'

/** When the references were measured, as medians on a machine of two cores. */
export const REFERENCES_OF = '2026-11'

type Peer = 'elixir' | 'nact' | 'xstate' | 'effect' | 'actor-ts' | 'bare mailbox'

/** The program that measures a peer, or `undefined` where it cannot be run. */
const PROGRAMS: Readonly<Record<Peer, ((measure: string) => Command) | undefined>> = {
  elixir: isOnPath('elixir') ? (measure) => ['elixir', 'bench/local/peers/genserver.exs', measure] : undefined,
  nact: isPackageInstalled('nact') ? (measure) => nodeProgram('bench/local/peers/nact.ts', measure) : undefined,
  xstate: isPackageInstalled('xstate') ? (measure) => nodeProgram('bench/local/peers/xstate.ts', measure) : undefined,
  effect: isPackageInstalled('effect') ? (measure) => nodeProgram('bench/local/peers/effect.ts', measure) : undefined,
  // Not on npm.
  'actor-ts': undefined,
  'bare mailbox': (measure) => nodeProgram('bench/local/peers/bare-mailbox.ts', measure),
}

/** The peers of one row: `measured` by the figure of this name, each with its reference; `null`: none is known. */
export function peersOf(measure: string, figure: string, references: { readonly [P in Peer]?: number | null }): Record<string, PeerSource> {
  const peers: Record<string, PeerSource> = {}
  for (const [name, reference] of Object.entries(references) as [Peer, number | null][]) {
    const command = PROGRAMS[name]?.(measure)
    peers[name] = { source: command && { command, figure }, reference: reference ?? undefined }
  }
  return peers
}
