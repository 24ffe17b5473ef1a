// What is recorded: small stories of three nodes in a box, each ending with facts that others need years for.
import { type AnyBehaviour, genServer, type NodeOptions, reply } from '#otp-labs'
import { Box, type BoxOptions } from '#test/support/box.ts'

interface Lot {
  readonly title: string
  readonly bids: number
}

const crash = (): never => {
  throw new TypeError('asked to crash')
}

/** Moves with its state. */
const Lot = genServer({
  name: 'lot',
  init: (title: string): Lot => ({ title, bids: 0 }),
  calls: { bid: (state) => reply(state.bids + 1, { ...state, bids: state.bids + 1 }) },
  casts: { crash },
  handoff: { version: 1, save: (state) => state, load: (data) => data as Lot },
})

/** Crashes as soon as it runs, wherever it runs. */
const Poison = genServer({
  name: 'poison',
  init: (_argument: unknown, self) => {
    self.sendAfter(1, 'crash')
    return 0
  },
  infos: { crash },
})

/** Registers nothing by itself, holds few messages, answers when it likes. */
const Clerk = genServer({
  name: 'clerk',
  init: () => 0,
  mailbox: { limit: 2, overflow: 'drop_newest' },
  calls: { wait: (state, ms: number) => pause(ms).then(() => reply('waited', state)) },
})

/** By the clock of the box that was formed last. */
let pause: (ms: number) => Promise<void>

export const NAMES = ['n1', 'n2', 'n3']
const behaviours: readonly AnyBehaviour[] = [Lot, Poison]
const node: Partial<NodeOptions> = {
  behaviours,
  supervisor: { name: 'lots', maxRestarts: 3 },
  children: [{ id: 'clerk', start: [Clerk], name: 'clerk' }],
  version: '1.2.3',
  zone: 'a',
}

/** Forms the cluster of a story. `note`: which facts of which nodes are wanted. */
export async function formed(options: Pick<BoxOptions, 'note' | 'onNode'> = {}): Promise<Box> {
  const box = await Box.formed({ names: NAMES, seed: 7, node, ...options })
  pause = (ms) => new Promise((resolve) => void box.clock.after(ms, resolve))
  return box
}

async function startLots(box: Box, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await box.through(box.node('n1').supervisor.startChild({ id: `lot-${i}`, start: [Lot, `lot ${i}`] }))
}

const settled = (box: Box) => box.clock.until(() => box.violations('lot').length === 0, 30_000)

/** Each plays on a box that has just formed. */
export const scenarios: Readonly<Record<string, (box: Box) => Promise<void>>> = {
  /** Lots crash and come back; one child is poison everywhere and ends in quarantine; calls fail in every way. */
  async crashes(box) {
    await startLots(box, 9)
    const { supervisor, runtime } = box.node('n1')
    for (let i = 0; i < 9; i++) {
      box.node('n1').cast(Lot.named(`lot-${i}`), 'crash')
      await box.clock.advance(3000)
    }
    await box.through(supervisor.startChild({ id: 'bad', start: [Poison, 0] }))
    await box.clock.until(() => supervisor.quarantined().length === 1, 60_000)
    const calls = [
      box.node('n1').call(Lot.named('lot-1'), 'bid'),
      runtime.call('clerk', 'wait', 400, 50),
      runtime.call('clerk', 'wait', 100, 50),
      runtime.call('clerk', 'wait', 100, 50),
      runtime.call('clerk', 'wait', 100, 50),
      runtime.call('nobody', 'wait', 1),
      runtime.call('clerk', 'unheard of', 1),
    ]
    await box.through(Promise.allSettled(calls))
    runtime.send('nobody', 'cast', 'lost', 1)
    await box.clock.advance(5000)
  },

  /** A node is killed, its lots are taken over; it comes back. */
  async 'lost node'(box) {
    await startLots(box, 12)
    box.crash('n3')
    await box.clock.until(() => box.node('n1').cluster.alive.size === 2, 30_000)
    await settled(box)
    box.start('n3')
    await box.clock.until(() => box.live().every(({ isReady, cluster }) => isReady && cluster.alive.size === 3), 30_000)
    await settled(box)
  },

  /** A node leaves, and hands its lots over with their state. */
  async drain(box) {
    await startLots(box, 12)
    await box.stop('n1')
    await settled(box)
  },

  /** Two parts each register a name; when they meet, one claim wins. Strangers knock meanwhile. */
  async partition(box) {
    await startLots(box, 6)
    box.network.partition([['n1'], ['n2', 'n3']])
    await box.clock.until(() => box.node('n2').cluster.alive.size === 2 && box.node('n1').cluster.alive.size === 1, 60_000)
    for (const name of ['n1', 'n2']) {
      const { registry, runtime } = box.node(name)
      const pid = runtime.whereis('clerk')
      if (pid !== undefined) registry.register('till', pid, name)
      registry.unregister('no name of ours')
    }
    await box.clock.advance(2000)
    box.network.heal()
    await box.clock.until(() => box.live().every(({ cluster }) => cluster.alive.size === 3), 60_000)
    await box.clock.advance(10_000)
  },
}
