// One seed: real nodes in a box, minutes of faults in milliseconds, and what has to hold meanwhile and when it is quiet again.
import { seededRandom } from '#base'
import type { NodeEvents, NodeOptions } from '#otp-labs'
import { Box, type Noted } from '#test/support/box.ts'
import { Ledger, type Violation } from './ledger.ts'
import { Lot, Trouble, type TroubleMix } from './trouble.ts'

export interface SimulationOptions {
  /** How many nodes; without it 3 to 5, by the seed. */
  readonly nodes?: number | undefined
  readonly faultsMs?: number
  /** Times that are shorter than a node's own, so that a run of a minute sees what takes a node a day. */
  readonly membershipTimes?: Partial<NonNullable<NodeOptions['membershipTimes']>>
  readonly replicatorTimes?: Partial<NonNullable<NodeOptions['replicatorTimes']>>
  /** Rules that are switched off. */
  readonly rules?: NodeOptions['rules']
  /** What goes wrong how often. */
  readonly mix?: Partial<TroubleMix>
  /** One link, or one way of it, is cut and never healed. Without it in one seed of four. */
  readonly isCutForEver?: boolean
  /** Keep what happened, to be printed. */
  readonly keepsTranscript?: boolean
}

export interface Outcome {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly transcript: readonly string[]
  readonly births: number
  readonly simulatedMs: number
}

const FAULTS_MS = 30_000
/** The longest time between two steps. */
const STEP_MS = 400
/** When faults have stopped, the nodes have so long to agree, and are then watched for a while. */
const SETTLE_MS = 40_000
const WATCH_MS = 3000
const LOOK_MS = 250

const TOLD = [
  'node.started',
  'node.leaving',
  'node.stopped',
  'cluster.member_changed',
  'cluster.link_up',
  'cluster.link_down',
  'cluster.paused',
  'directory.joined',
  'registry.registered',
  'registry.unregistered',
  'registry.conflict',
  'child.taken_over',
  'handoff.ended',
  'handoff.received',
] as const satisfies readonly (keyof NodeEvents)[]

/** The same seed and options always run the same. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<Outcome> {
  const random = seededRandom(seed * 7919 + 13)
  const count = options.nodes ?? 3 + random.int(3)
  const names = Array.from({ length: count }, (_, i) => `n${i + 1}`)
  const loss = random.next() < 0.25 ? 0.003 * random.next() : 0
  const ledger = new Ledger(
    () => box.live(),
    () => box.clock.now(),
  )
  const box: Box = new Box({
    names,
    onNode: (node) => ledger.watch(node),
    seed,
    delayMs: [1, 20],
    skewMs: 10_000,
    times: { tickMs: 1000, suspectMs: 2000, downMs: 5000, forgetMs: 3600_000, forgetGoneMs: 600_000, ...options.membershipTimes },
    ...(options.keepsTranscript === true ? { note: TOLD } : {}),
    node: {
      behaviours: [Lot],
      supervisor: { maxRestarts: 1000 },
      replicatorTimes: {
        aloneMs: 4000,
        aloneUnknownMs: 500,
        tombstoneMs: 15_000,
        ackMs: 5000,
        maxEnded: 100_000,
        ticksPerDigest: 5,
        ...options.replicatorTimes,
      },
      ...(options.rules === undefined ? {} : { rules: options.rules }),
    },
  })
  const trouble = new Trouble(box, ledger, random, names, options.mix)
  const note = (kind: Violation['kind'], what: string) => ledger.violations.push({ kind, atMs: Math.round(box.clock.now()), what })
  for (const name of names) box.start(name)
  await box.clock.advance(3000)
  box.network.loss = loss
  if (options.isCutForEver ?? random.int(4) === 0) trouble.cutForEver()
  const until = box.clock.now() + (options.faultsMs ?? FAULTS_MS)
  while (box.clock.now() < until && ledger.violations.length === 0) {
    trouble.step()
    await box.clock.advance(random.int(STEP_MS))
  }
  trouble.end()
  const isQuiet = () => box.live().every((node) => node.cluster.alive.size === count && node.isReady) && box.violations('lot').length === 0
  const limit = box.clock.now() + SETTLE_MS
  while (!isQuiet() && box.clock.now() < limit) {
    await box.clock.advance(LOOK_MS)
    trouble.startAgain()
  }
  await box.clock.advance(WATCH_MS)
  ledger.checkQuiet()
  for (const what of box.violations('lot')) note(what.startsWith('views differ') ? 'views_differ' : 'duplicate', what)
  for (const node of box.live()) {
    const seen = node.cluster.alive.size
    if (seen !== count) note('membership', `${node.id} sees ${seen} of ${count} members: ${[...node.cluster.alive].join()}`)
  }
  if (ledger.violations.length === 0) await endAll(box, note)
  const transcript = box.noted.map(inWords)
  return { seed, violations: ledger.violations, transcript, births: ledger.births, simulatedMs: box.clock.now() }
}

/** What is ended when all is quiet stays ended, whatever anybody remembers. */
async function endAll(box: Box, note: (kind: Violation['kind'], what: string) => void): Promise<void> {
  const asked = box
    .live()
    .flatMap((node) =>
      node.registry.entries().flatMap(({ name, pid }) => (pid.node === node.id ? [node.supervisor.terminateChild(name)] : [])),
    )
  const answers = Promise.all(asked)
  await box.clock.advance(4000)
  if (!(await answers).every((isEnded) => isEnded)) note('unrest', 'a child could not be terminated when all was quiet')
  for (const node of box.live()) {
    const left = node.registry.entries()
    if (left.length > 0)
      note('returned', `all was terminated, but ${node.id} knows ${left.map(({ name, pid }) => `${name} at ${pid}`).join()}`)
  }
  for (const what of box.violations('lot')) note('duplicate', what)
}

function inWords({ node, at, type, event }: Noted): string {
  const fields = Object.entries(event).map(
    ([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
  )
  return `${(at / 1000).toFixed(3).padStart(8)} ${node} ${type} ${fields.join(' ')}`
}
