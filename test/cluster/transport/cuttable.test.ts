// A transport that can be cut: the contract as long as nothing is, and no link to a peer as long as it is.
import { expect, test } from 'vitest'
import { seededRandom } from '#base'
import type { NodeId } from '#process'
import { CuttableTransport } from '#src/cluster/transport/cuttable.ts'
import { MemoryNetwork } from '#src/cluster/transport/memory.ts'
import { transportContract } from '#test/contract/transport.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { testSeed } from '#test/support/seed.ts'
import { TransportRecorder } from '#test/support/transport-recorder.ts'

function create() {
  const clock = new FakeClock()
  const network = new MemoryNetwork({ clock, random: seededRandom(testSeed), delayMs: 1 })
  const during = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false
    const settled = promise.finally(() => {
      isSettled = true
    })
    await clock.until(() => isSettled, 60_000, 1)
    return settled
  }
  return { clock, network, during }
}

transportContract('cuttable, with nothing cut', async () => {
  const { clock, network, during } = create()
  return {
    transport: (id, settings) => new CuttableTransport(network.transport(id, settings), clock),
    during,
    close: async () => {},
    freeAddress: async () => 'nobody:1',
    silentAddress: async () => {
      network.cut('a', 'silent')
      return 'silent:1'
    },
  }
})

async function linked() {
  const { clock, network, during } = create()
  const open = async (id: NodeId) => {
    const recorder = new TransportRecorder()
    const transport = new CuttableTransport(network.transport(id), clock)
    await transport.listen(recorder)
    return [transport, recorder] as const
  }
  const [a, atA] = await open('a.1')
  const [b, atB] = await open('b.1')
  const [c, atC] = await open('c.1')
  await during(a.dial(b.address))
  await during(a.dial(c.address))
  await clock.until(() => atB.live.size + atC.live.size === 2)
  return { clock, during, a, b, c, atA, atB, atC }
}

test('a cut closes the links to that peer alone, and both sides hear of it', async () => {
  const { clock, a, b, atA, atB, atC } = await linked()
  a.cut('b', 1000)
  b.cut('a', 1000)
  await clock.advance(10)
  expect([[...atA.live.keys()], atB.live.size, atC.live.size]).toEqual([['c.1'], 0, 1])
  expect(atA.told.filter((line) => line.startsWith('closed'))).toEqual(['closed b.1 cut'])
})

test('as long as it is cut no dial makes a link, from either side, and nobody hears of one', async () => {
  const { clock, during, a, b, atA, atB } = await linked()
  a.cut('b', 1000)
  b.cut('a', 1000)
  await clock.advance(10)
  const told = [atA.told.length, atB.told.length]
  expect(await during(a.dial(b.address))).toMatchObject({ kind: 'timeout' })
  expect(await during(b.dial(a.address))).toMatchObject({ kind: 'timeout' })
  expect([atA.told.length, atB.told.length]).toEqual(told)
})

test('when it is over a dial makes a link again', async () => {
  const { clock, during, a, b, atA, atB } = await linked()
  a.cut('b', 1000)
  b.cut('a', 1000)
  await clock.advance(1000)
  expect(await during(a.dial(b.address))).toBeUndefined()
  await clock.until(() => atB.live.size === 1)
  atA.live.get('b.1')?.send(['after'])
  await clock.until(() => atB.frames.length === 1)
  expect(atB.frames).toEqual([['after']])
})
