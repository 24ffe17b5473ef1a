// A node that starts again while its clock was set back: the life that starts last wins all the same.
import { expect, test } from 'vitest'
import { createNode, genServer, staticTopology } from '#otp-labs'
import { Box } from '#test/support/box.ts'

const Lot = genServer({ name: 'lot', init: (title: string) => title })
const names = ['n1', 'n2', 'n3']

test('an incarnation that is lower than one the cluster knows is raised above it before anything is owned', async () => {
  const box = await Box.formed({ names, node: { behaviours: [Lot] }, note: ['cluster.superseded', 'cluster.member_changed'] })
  const former = box.node('n3').id
  box.crash('n3')
  await box.clock.advance(2000)
  const node = await box.through(
    createNode({
      name: 'n3',
      incarnation: 7,
      behaviours: [Lot],
      transport: (id) => box.network.transport(id),
      topologies: [staticTopology({ addresses: names.map((name) => `${name}:1`) })],
      clock: box.clock,
    }),
  )
  expect(Number.parseInt(node.id.split('.')[1] as string, 36)).toBe(Number.parseInt(former.split('.')[1] as string, 36) + 1)
  await box.clock.until(() => box.node('n1').cluster.alive.has(node.id) && box.node('n2').cluster.alive.has(node.id), 5000)
  expect(node.isReady).toBe(true)
  expect(box.events('cluster.superseded')).toEqual([])
})

test('the older of two lives that run at once ends', async () => {
  const box = await Box.formed({ names, node: { behaviours: [Lot] } })
  let reason = ''
  const old = box.node('n3')
  old.onFailure = (why) => {
    reason = why
  }
  box.network.cut('n3', 'n1')
  box.network.cut('n3', 'n2')
  await box.clock.advance(8000)
  const younger = createNode({
    name: 'n3',
    incarnation: box.clock.wall(),
    behaviours: [Lot],
    transport: (id) => box.network.transport(id, { address: 'n9:1' }),
    topologies: [staticTopology({ addresses: names.map((name) => `${name}:1`) })],
    clock: box.clock,
  })
  await box.clock.advance(1000)
  box.network.heal()
  await box.through(younger)
  await box.clock.until(() => reason !== '', 10_000)
  expect(reason).toContain('superseded by n3.')
})
