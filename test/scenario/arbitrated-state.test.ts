// A cluster with an arbiter and a store of states on one engine: whoever dies or is cut off, every answer that was given still holds, in one order.
import { expect, test } from 'vitest'
import { seededRandom } from '#base'
import { keyValueStateStore, leasedArbiter } from '#distributed'
import { genServer, type Node, type NodeOptions, reply } from '#otp-labs'
import { Box } from '#test/support/box.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { ModelBlobs } from '#test/support/model-blobs.ts'
import { ModelEngine } from '#test/support/model-key-value.ts'
import { testSeed } from '#test/support/seed.ts'

const NAMES = ['n1', 'n2', 'n3']
const LOTS = ['lot-1', 'lot-2', 'lot-3', 'lot-4']
const LEASE_MS = 5000

interface LotState {
  readonly bids: readonly number[]
  readonly tokens: readonly (number | undefined)[]
}

/** A lot notes under which token it took each bid. */
const Lot = genServer({
  name: 'lot',
  init: (): LotState => ({ bids: [], tokens: [] }),
  persist: true,
  calls: {
    bid: ({ bids, tokens }, amount: number, self) => reply('accepted', { bids: [...bids, amount], tokens: [...tokens, self.fencingToken] }),
    look: (state) => reply(state, state),
  },
})

test('nodes die, are cut from the engine and from each other: every accepted bid is there once, under tokens that only grow', async () => {
  const random = seededRandom(testSeed)
  const clock = new FakeClock()
  const engine = new ModelEngine({ clock, random })
  const blobs = new ModelBlobs({ clock, random })
  const perNode = new Map<string, Partial<NodeOptions>>()
  for (const name of NAMES) {
    const keyValue = engine.client(name)
    const stateStore = await clock.through(keyValueStateStore(keyValue, blobs, { name: 'model', clock }))
    perNode.set(name, { stateStore, arbiter: leasedArbiter(keyValue, { leaseMs: LEASE_MS }) })
  }
  const box = await Box.formed({ clock, names: NAMES, node: { behaviours: [Lot] }, nodeOf: (name) => perNode.get(name) ?? {} })
  for (const id of LOTS)
    expect(await box.through(box.node('n1').supervisor.startChild({ id, start: [Lot, undefined] }))).toMatchObject({ ok: true })

  const accepted = new Map<string, number[]>(LOTS.map((id) => [id, []]))
  let amount = 0
  const bidFor = async (ms: number): Promise<void> => {
    for (const until = clock.now() + ms; clock.now() < until; ) {
      const id = LOTS[random.int(LOTS.length)] as string
      const asked = box.live()[random.int(box.live().length)] as Node
      const mine = ++amount
      void asked.call(Lot.named(id), 'bid', mine).then(
        () => accepted.get(id)?.push(mine),
        () => undefined,
      )
      await clock.advance(50)
    }
  }
  for (let round = 0; round < 6; round++) {
    const victim = NAMES[random.int(NAMES.length)] as string
    if (round % 3 === 0) {
      box.crash(victim)
      await bidFor(2 * LEASE_MS)
      box.start(victim)
    } else if (round % 3 === 1) {
      engine.cut(victim)
      await bidFor(3 * LEASE_MS)
      engine.mend(victim)
    } else {
      box.network.partition([[victim], NAMES.filter((name) => name !== victim)])
      await bidFor(3 * LEASE_MS)
      box.network.heal()
    }
    await bidFor(2 * LEASE_MS)
  }
  await clock.advance(60_000)
  for (const id of LOTS) {
    const { bids, tokens } = await box.through((box.live()[0] as Node).call(Lot.named(id), 'look'))
    expect(accepted.get(id)?.filter((bid) => !bids.includes(bid))).toEqual([])
    expect(new Set(bids).size).toBe(bids.length)
    expect(tokens).toEqual(tokens.toSorted((a, b) => Number(a) - Number(b)))
    expect(accepted.get(id)?.length).toBeGreaterThan(20)
  }
  for (const { name } of box.live()) await box.stop(name)
}, 60_000)
