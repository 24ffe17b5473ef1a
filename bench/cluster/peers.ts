// The peers of a cluster: who stands beside us, by which program each is measured, and the figures that stand in for one that is not installed.
import type { Command, PeerSource } from '#bench/support/bench.ts'
import { isOnPath, nodeProgram } from '#bench/support/child.ts'

/** When and of what the references were measured, as medians on a machine of two cores. */
export const REFERENCES_OF = '2026 (Horde 0.10 on OTP 25)'

type Peer = 'horde' | 'erlang' | 'bare socket' | 'moleculer' | 'effect cluster'

/** The program that measures a peer, or `undefined` where it cannot be run: Horde and moleculer are not on this machine, effect's cluster wants more than npm. */
const PROGRAMS: Readonly<Record<Peer, Command | undefined>> = {
  horde: undefined,
  erlang: isOnPath('elixir') && isOnPath('epmd') ? nodeProgram('bench/cluster/peers/erlang.ts', 'call') : undefined,
  // By the program that measures ours, in turns with it.
  'bare socket': nodeProgram('bench/cluster/ours/links.ts', 'call'),
  moleculer: undefined,
  'effect cluster': undefined,
}

/** The peers of one row, each with its reference; a peer that runs is measured by the figure of this name, the bare socket by `bare-` and this name. */
export function peersOf(figure: string, references: { readonly [P in Peer]?: number }): Record<string, PeerSource> {
  const peers: Record<string, PeerSource> = {}
  for (const [name, reference] of Object.entries(references) as [Peer, number][]) {
    const command = PROGRAMS[name]
    peers[name] = { source: command && { command, figure: name === 'bare socket' ? `bare-${figure}` : figure }, reference }
  }
  return peers
}
