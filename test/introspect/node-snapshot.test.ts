// What a node shows of itself, read at one moment or in slices.
import { expect, test } from 'vitest'
import { genServer, type Pid } from '#otp-labs'
import { Box } from '#test/support/box.ts'

const Lot = genServer({ name: 'lot', init: (title: string) => title })

test('read in slices it says what it says read at once', async () => {
  const box = await Box.formed({ names: ['n1', 'n2', 'n3'], node: { behaviours: [Lot], zone: 'a' } })
  for (let i = 0; i < 9; i++) await box.through(box.node('n1').supervisor.startChild({ id: `lot-${i}`, start: [Lot, 'x'] }))
  await box.clock.advance(1000)
  for (const node of box.live()) expect(await node.snapshotInSlices()).toEqual(node.snapshot())
})

test('a behaviour that a node was given is known before anything of it runs', () => {
  const box = new Box({ names: ['n1'], node: { behaviours: [Lot] } })
  expect(box.start('n1').snapshot().behaviours).toContainEqual(expect.objectContaining({ behaviour: 'lot', live: 0, handled: 0 }))
})

test('children without a node are counted as their owners come and go', async () => {
  const box = await Box.formed({ names: ['n1', 'n2'], node: { behaviours: [Lot] } })
  for (let i = 0; i < 9; i++) await box.through(box.node('n1').supervisor.startChild({ id: `lot-${i}`, start: [Lot, 'x'] }))
  const { directory, reconciler } = box.node('n1').parts
  const walked = () =>
    [...directory.records()].filter(({ child, ended, owner }) => child !== undefined && !ended && !box.node('n1').cluster.alive.has(owner))
      .length
  let most = 0
  box.node('n1').cluster.onChange(() => {
    expect(reconciler.unplaced()).toBe(walked())
    most = Math.max(most, walked())
  })
  box.crash('n2')
  await box.clock.until(() => box.node('n1').cluster.alive.size === 1 && walked() === 0, 30_000)
  expect(most).toBeGreaterThan(0)
  expect(reconciler.unplaced()).toBe(0)
})

test('a child that waits for its next try is counted until it runs again, or is taken off', async () => {
  const Moody = genServer({
    name: 'moody',
    init: () => 0,
    casts: {
      crash: (): number => {
        throw new Error('asked to crash')
      },
    },
  })
  const backoff = { minMs: 1000, maxMs: 1000, factor: 1 }
  const children = ['a', 'b'].map((id) => ({ id, start: [Moody] as const, name: id, backoff }))
  const box = await Box.formed({ names: ['n1'], node: { children } })
  const { runtime } = box.node('n1')
  const restarting = () =>
    box
      .node('n1')
      .snapshot()
      .supervisors.find(({ supervisor }) => supervisor === 'node')?.children.restarting
  for (const id of ['a', 'b']) runtime.send(id, 'cast', 'crash', undefined)
  await box.clock.advance(10)
  expect(restarting()).toBe(2)
  await box.clock.advance(3000)
  expect(restarting()).toBe(0)
  runtime.send('b', 'cast', 'crash', undefined)
  await box.clock.advance(10)
  expect(restarting()).toBe(1)
  const top = [...runtime.supervisors].find(({ label }) => label === 'node')?.pid as Pid
  await box.through(runtime.call(top, 'terminateChild', 'b'))
  expect(restarting()).toBe(0)
})
