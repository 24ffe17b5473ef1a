// One seed: real nodes in a box, minutes of faults in milliseconds, and what has to hold meanwhile and when it is quiet again.
import { seededRandom } from '#base'
import { memoryStateStore, type Node, type NodeEvents, type NodeOptions } from '#otp-labs'
import { Box, type Noted } from '#test/support/box.ts'
import { EngineTrouble } from './arbiter/engine-trouble.ts'
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
  /**
   * All nodes have a store of states, and children are bid on: what is written, and who may write it, must not keep a name from settling.
   * Without it in every other seed, unless rules are switched off.
   */
  readonly hasStore?: boolean
  /** All nodes have an arbiter, whose engine goes wrong as well: no message may be handled by an owner when a later one has handled one. */
  readonly hasArbiter?: boolean
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
/** And have to prove first that the leases of those who are gone are over. */
const ARBITRATED_SETTLE_MS = 90_000
const WATCH_MS = 3000
const LOOK_MS = 250
/** A child that was shut out is back under a greater token. */
const REOPENED_MS = 5000

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
  'state.loaded',
  'state.write_failed',
  'handoff.ended',
  'handoff.received',
  'arbiter.lease_acquired',
  'arbiter.lease_lost',
  'arbiter.session_ended',
  'arbiter.claimed',
] as const satisfies readonly (keyof NodeEvents)[]

/** The same seed and options always run the same. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<Outcome> {
  const random = seededRandom(seed * 7919 + 13)
  const count = options.nodes ?? 3 + random.int(3)
  const names = Array.from({ length: count }, (_, i) => `n${i + 1}`)
  const engine = options.hasArbiter === true ? new EngineTrouble(random) : undefined
  const hasStore = options.hasStore ?? (engine === undefined && options.rules === undefined && seed % 2 === 0)
  const loss = random.next() < 0.25 ? 0.003 * random.next() : 0
  const ledger = new Ledger(
    () => box.live(),
    () => box.clock.now(),
  )
  const box: Box = new Box({
    names,
    ...(engine === undefined ? {} : { clock: engine.clock }),
    onNode: (node) => ledger.watch(node),
    seed,
    delayMs: [1, 20],
    skewMs: 10_000,
    times: { tickMs: 1000, suspectMs: 2000, downMs: 5000, forgetMs: 3600_000, forgetGoneMs: 600_000, ...options.membershipTimes },
    ...(options.keepsTranscript === true ? { note: TOLD } : {}),
    node: {
      behaviours: [engine?.lot ?? Lot],
      ...(engine === undefined ? {} : { arbiter: engine.arbiter }),
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
      ...(hasStore ? { stateStore: memoryStateStore() } : {}),
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
    engine?.step(names)
    if (hasStore) trouble.bid()
    await box.clock.advance(random.int(STEP_MS))
  }
  trouble.end()
  engine?.end(names)
  // A node that is on its way out will be revived when it is down.
  const isSettled = ({ cluster, isReady, parts }: Node) =>
    cluster.alive.size === count && !cluster.membership.leaving && isReady && parts.reconciler.unplaced() === 0
  const isQuiet = () => box.live().length === count && box.live().every(isSettled) && box.violations('lot').length === 0
  const limit = box.clock.now() + (engine === undefined ? SETTLE_MS : ARBITRATED_SETTLE_MS)
  while (!isQuiet() && box.clock.now() < limit) {
    trouble.revive()
    await box.clock.advance(LOOK_MS)
  }
  await box.clock.advance(WATCH_MS)
  // A move that was asked for in the midst of it may end only now, and its name may have to be waited for.
  while (engine !== undefined && !isQuiet() && box.clock.now() < limit) await box.clock.advance(LOOK_MS)
  ledger.checkQuiet()
  for (const what of engine?.overlaps() ?? []) note('overlap', what)
  for (const what of box.violations('lot')) note(what.startsWith('views differ') ? 'views_differ' : 'duplicate', what)
  for (const node of box.live()) {
    const seen = node.cluster.alive.size
    if (seen !== count) note('membership', `${node.id} sees ${seen} of ${count} members: ${[...node.cluster.alive].join()}`)
  }
  if (ledger.violations.length === 0 && hasStore) await bidOnAll(box, note)
  if (ledger.violations.length === 0) await endAll(box, note)
  const transcript = box.noted.map(inWords)
  return { seed, violations: ledger.violations, transcript, births: ledger.births, simulatedMs: box.clock.now() }
}

/** Every child that lives takes bids where it lives, once it has found out that another had its token; and what it goes on from is of its own birth. */
async function bidOnAll(box: Box, note: (kind: Violation['kind'], what: string) => void): Promise<void> {
  const asked = box
    .live()
    .flatMap((node) => node.registry.entries().flatMap(({ name, pid }) => (pid.node === node.id ? [bidOn(node, name)] : [])))
  const answers = Promise.all(asked)
  await box.clock.advance(10_000)
  for (const complaint of await answers) if (complaint !== '') note('state', complaint)

  async function bidOn(node: Node, name: string): Promise<string> {
    const record = node.parts.directory.get(name)
    const bid = () => node.call(Lot.named(name), 'bid').catch((error: unknown) => String(error))
    let answer = await bid()
    if (typeof answer === 'string' && answer.includes('fenced')) {
      await new Promise<void>((resolve) => node.clock.after(REOPENED_MS, resolve))
      answer = await bid()
    }
    if (typeof answer === 'string') return `${name} could not be bid on at ${node.id}: ${answer}`
    if (answer.birth === record?.child?.argument) return ''
    return `${name} is ${String(record?.child?.argument)}, but goes on from the state of ${answer.birth}`
  }
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
