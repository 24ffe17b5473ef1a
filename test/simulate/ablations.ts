// The rules of the protocol that a simulation can show to be needed, each with how it is switched off and what is seen then.
import { nodeName } from '#cluster'
import type { DirectoryRecord } from '#src/distributed/directory/record.ts'
import { type ArbiterSimulationOptions, simulateArbiter } from './arbiter/simulation.ts'
import type { ViolationKind } from './ledger.ts'
import { type MovesOptions, simulateMoves } from './moves.ts'
import { type Outcome, type SimulationOptions, simulate } from './simulation.ts'

export interface Ablation {
  /** What is done instead. */
  readonly instead: string
  readonly options?: SimulationOptions
  /** Set for rules of moves: these are seen in clusters in which nobody dies. */
  readonly moves?: MovesOptions
  /** Set for rules of an arbiter. */
  readonly arbiter?: ArbiterSimulationOptions
  /** What is found, and among how many seeds, from 1, at the latest. */
  readonly finds: readonly ViolationKind[]
  readonly withinSeeds: number
}

/** The repair that compares hashes hides what other rules are there for. */
const withoutHashes = { mismatchesBeforeFull: Number.POSITIVE_INFINITY }
const forgetfulAtOnce = { tombstoneMs: 0, ticksPerDigest: 1 }

export const ABLATIONS: Readonly<Record<string, Ablation>> = {
  order: {
    instead: 'the higher epoch wins, whatever was born or has ended',
    options: { rules: { directory: { order: byEpoch } } },
    finds: ['returned', 'lost', 'went_back'],
    withinSeeds: 10,
  },
  witnesses: {
    instead: 'an end is forgotten as soon as all who are alive have merged it',
    options: {
      rules: { directory: { mustHaveMerged: ({ isAlive }) => isAlive, ...withoutHashes } },
      replicatorTimes: forgetfulAtOnce,
    },
    finds: ['returned'],
    withinSeeds: 20,
  },
  sections: {
    instead: 'all lives of a node write one section',
    options: { rules: { directory: { writerOf: nodeName } } },
    finds: ['views_differ', 'duplicate', 'lost', 'went_back'],
    withinSeeds: 20,
  },
  hearsay: {
    instead: 'a node is alive if it is heard directly',
    options: { rules: { membership: { isNews: (member, teller) => member === teller } }, isCutForEver: true },
    finds: ['membership', 'duplicate'],
    withinSeeds: 20,
  },
  births: {
    instead: 'a birth counts up from the last one of its name',
    options: {
      rules: { directory: { nextBirth: (_lamport, last) => (last ?? 0) + 1, ...withoutHashes } },
      replicatorTimes: forgetfulAtOnce,
      mix: { share: 0.02 },
      isCutForEver: true,
    },
    finds: ['lost', 'views_differ', 'duplicate'],
    withinSeeds: 100,
  },
  gaps: {
    instead: 'a section is merged though something before it is missing',
    options: { rules: { directory: { follows: () => true, ...withoutHashes } }, mix: { share: 0.15, cut: 4, heal: 6 } },
    finds: ['views_differ', 'lost', 'duplicate'],
    withinSeeds: 1000,
  },
  level: {
    instead: 'a name is taken over only in the moment in which its owner is seen to die',
    options: {
      rules: { directory: { takesOverAt: (trigger, isOfOwner) => trigger === 'death' && isOfOwner } },
      mix: { kill: 4, start: 3, partition: 0 },
    },
    finds: ['lost', 'duplicate'],
    withinSeeds: 100,
  },
  replays: {
    instead: 'a record is merged again when an old frame brings it',
    options: {
      rules: { directory: { isNew: () => true } },
      replicatorTimes: forgetfulAtOnce,
      mix: { share: 0.05, kill: 0, cut: 4, partition: 0, heal: 2, pause: 0, leave: 0 },
      isCutForEver: false,
    },
    finds: ['returned'],
    withinSeeds: 100,
  },
  commit: {
    instead: 'the target of a handoff claims the name as soon as it has the state',
    moves: { rules: { waitsForCommit: false }, hasStalls: true },
    finds: ['forgotten', 'duplicate'],
    withinSeeds: 20,
  },
  merge: {
    instead: 'the source passes on what has waited before its own directory says where to',
    moves: { rules: { mergesFirst: false } },
    finds: ['lost'],
    withinSeeds: 5,
  },
  fence: {
    instead: 'whoever hears that a name has moved sends to the new place at once',
    moves: { rules: { fences: false } },
    finds: ['order'],
    withinSeeds: 5,
  },
  late: {
    instead: 'what a sender has given up waiting for is handled when it comes',
    moves: { rules: { refusesLate: false }, hasStalls: true },
    finds: ['order'],
    withinSeeds: 40,
  },
  margin: {
    instead: 'an owner counts on its lease to the last',
    arbiter: { arbiter: { marginMs: 0 }, steps: ['cut_peer', 'cut_peer', 'cut_peer', 'cut_engine'] },
    finds: ['overlap'],
    withinSeeds: 400,
  },
  proof: {
    instead: 'a lease is over when a read says so for long enough, and nothing is written to prove it',
    arbiter: {
      arbiter: { rules: { provesByWriting: false } },
      steps: ['cut_peer', 'cut_peer', 'cut_peer', 'engine'],
      engineFaults: ['stale'],
    },
    finds: ['overlap'],
    withinSeeds: 100,
  },
  own_clock: {
    instead: 'a lease is over when the engine has forgotten it',
    arbiter: { arbiter: { rules: { countsItself: false } }, steps: ['cut_peer', 'cut_peer', 'engine'], engineFaults: ['jump'] },
    finds: ['overlap'],
    withinSeeds: 10,
  },
  check: {
    instead: 'a message is handled without a look at the lease',
    arbiter: { arbiter: { rules: { checksLease: false } }, steps: ['pause', 'pause', 'move'] },
    finds: ['overlap'],
    withinSeeds: 20,
  },
  resume: {
    instead: 'the source of a handoff that nobody answers goes on without asking the arbiter',
    arbiter: { asksArbiter: false, steps: ['move', 'move', 'move', 'cut_peer'] },
    finds: ['overlap'],
    withinSeeds: 20,
  },
}

/** What is simulated: whole nodes, whole nodes with an arbiter, or an arbiter with little around it. */
export type Subject = 'nodes' | 'arbitrated' | 'arbiter'

/** One seed, with this rule switched off if there is one. */
export function simulateWithout(
  rule: string | undefined,
  seed: number,
  more: SimulationOptions = {},
  subject: Subject = 'nodes',
): Promise<Outcome> {
  const { options, moves, arbiter } = rule === undefined ? {} : (ABLATIONS[rule] as Ablation)
  if (moves !== undefined) return simulateMoves(seed, moves)
  const { keepsTranscript = false } = more
  if (arbiter !== undefined || subject === 'arbiter') return simulateArbiter(seed, { ...arbiter, keepsTranscript })
  return simulate(seed, { ...options, ...more, hasArbiter: subject === 'arbitrated' })
}

function byEpoch(a: DirectoryRecord, b: DirectoryRecord): number {
  if (a.epoch !== b.epoch) return a.epoch - b.epoch
  if (a.owner === b.owner && a.writer === b.writer) return a.version - b.version
  if (a.claimedAt !== b.claimedAt) return b.claimedAt - a.claimedAt
  if (a.owner !== b.owner) return a.owner < b.owner ? 1 : -1
  return a.version - b.version
}
