// Random faults under a fixed seed: whatever happens, when it is quiet again each name lives exactly once and all agree.
import { expect, test } from 'vitest'
import { type Random, seededRandom } from '#base'
import { genServer, memoryStateStore, reply } from '#otp-labs'
import { Box } from '#test/support/box.ts'

const Lot = genServer({
  name: 'lot',
  init: (title: string) => ({ title, bids: 0 }),
  persist: true,
  calls: { bid: (state) => reply(state.bids + 1, { ...state, bids: state.bids + 1 }) },
})
const names = ['n1', 'n2', 'n3', 'n4']
const SEEDS = Number(process.env['SEEDS'] ?? 25)
const FAULTS_MS = 60_000
const QUIET_MS = 40_000

test.each(Array.from({ length: SEEDS }, (_, i) => i + 1))('seed %i', async (seed) => {
  const random = seededRandom(seed)
  // Every other seed with a store: a written state, and who may write it, must not keep a name from settling.
  const node = { behaviours: [Lot], ...(seed % 2 === 0 ? { stateStore: memoryStateStore() } : {}) }
  const box = await Box.formed({ names, seed, delayMs: [1, 20], skewMs: 10_000, node })
  const until = box.clock.now() + FAULTS_MS
  while (box.clock.now() < until) {
    if (random.next() < 0.25) await fault(box, random)
    else operate(box, random)
    await box.clock.advance(random.int(1500))
  }
  box.network.heal()
  for (const name of names) {
    box.resume(name)
    if (!box.isLive(name)) box.start(name)
  }
  await box.clock.advance(QUIET_MS)
  expect(box.violations('lot')).toEqual([])
  expect(names.map((name) => box.node(name).cluster.alive.size)).toEqual(names.map(() => names.length))
  // What is ended when all is quiet stays ended, whatever anybody remembers.
  const ended = box
    .node('n1')
    .registry.entries()
    .map(({ name }) => name)
  for (const name of ended) expect(await box.through(box.node('n2').supervisor.terminateChild(name))).toBe(true)
  await box.clock.advance(10_000)
  expect(box.node('n3').registry.count()).toBe(0)
  expect(box.violations('lot')).toEqual([])
  for (const running of box.live()) await box.stop(running.name)
})

/** Starts or terminates a name on some node; in the midst of faults nobody waits for the answer. */
function operate(box: Box, random: Random): void {
  const live = box.live()
  const node = live[random.int(live.length)]
  if (node === undefined) return
  const key = `k${random.int(12)}`
  void node.call(Lot.named(`k${random.int(12)}`), 'bid').catch(() => undefined)
  const answer = random.next() < 0.7 ? node.supervisor.startChild({ id: key, start: [Lot, key] }) : node.supervisor.terminateChild(key)
  void answer.catch(() => undefined)
}

async function fault(box: Box, random: Random): Promise<void> {
  const name = names[random.int(names.length)] as string
  const other = names[random.int(names.length)] as string
  switch (random.int(6)) {
    case 0:
      if (box.live().length > 2) box.crash(name)
      break
    case 1:
      if (!box.isLive(name)) box.start(name)
      break
    case 2:
      if (name !== other) box.network.cut(name, other, { oneWay: random.next() < 0.5, hold: random.next() < 0.3 })
      break
    case 3:
      box.network.heal()
      break
    case 4:
      box.pause(name)
      await box.clock.advance(random.int(9000))
      box.resume(name)
      break
    default:
      if (box.live().length === names.length && random.next() < 0.5) box.network.partition([names.slice(0, 2), names.slice(2)])
  }
}
