// What nodes see of their cluster: quorums that are lost and come back, and those who are told when nodes come and go.
import { expect, test } from 'vitest'
import { genServer, noReply } from '#otp-labs'
import { Box } from '#test/support/box.ts'

const names = ['n1', 'n2', 'n3']
const note = ['cluster.quorum_lost', 'cluster.quorum_gained'] as const

test('the smaller side of a partition loses its quorum when it takes the others for dead, and gains it again', async () => {
  const box = await Box.formed({ names, node: {}, note })
  await box.clock.advance(2000)
  expect(box.node('n1').cluster.quorum.expected.size).toBe(3)
  box.noted.length = 0
  box.network.partition([['n1'], ['n2', 'n3']])
  await box.clock.advance(4000)
  expect(box.events('cluster.quorum_lost')).toEqual([])
  await box.clock.advance(4000)
  expect(names.map((name) => box.node(name).cluster.quorum.has)).toEqual([false, true, true])
  expect(box.events('cluster.quorum_lost')).toMatchObject([{ by: 'n1', alive: 1, expected: 3 }])
  const gained = box.node('n1').cluster.quorum.wait(30_000)
  box.network.heal()
  expect(await box.through(gained)).toBe(true)
  expect(box.events('cluster.quorum_gained')).toMatchObject([{ by: 'n1', expected: 3 }])
})

test('who waits for a quorum in vain is told so', async () => {
  const box = new Box({ names: ['n1'], node: { membersExpected: 3 } })
  const node = box.start('n1')
  await box.clock.advance(1000)
  expect(await box.through(node.cluster.quorum.wait(2000))).toBe(false)
})

test('a node that comes to a cluster of which it sees a part knows how many it should see', async () => {
  const box = await Box.formed({ names, node: {} })
  await box.clock.advance(2000)
  box.crash('n3')
  await box.clock.advance(2000)
  box.network.cut('n3', 'n2')
  box.network.cut('n1', 'n2')
  box.start('n3')
  await box.clock.advance(3000)
  expect(box.node('n3').cluster.quorum.expected.size).toBe(3)
})

test('nodes that come and go are told to listeners and, as infos, to processes', async () => {
  const heard: string[] = []
  const Watcher = genServer({
    name: 'watcher',
    init: () => undefined,
    infos: {
      nodeup: (state, { name }: { name: string }) => {
        heard.push(`info up ${name}`)
        return noReply(state)
      },
      nodedown: (state, { name }: { name: string }) => {
        heard.push(`info down ${name}`)
        return noReply(state)
      },
    },
  })
  const box = new Box({ names, node: { children: [{ id: 'watcher', start: [Watcher], name: 'watcher' }] } })
  const node = box.start('n1')
  node.monitor.listen(({ news, name }) => heard.push(`${news} ${name}`))
  await box.clock.advance(100)
  const pid = node.runtime.whereis('watcher')
  if (pid === undefined) throw new Error('no watcher')
  const end = node.monitor.notify(pid)
  box.start('n2')
  await box.clock.until(() => heard.includes('info up n2'))
  box.crash('n2')
  await box.clock.until(() => heard.includes('info down n2'))
  end()
  box.start('n2')
  await box.clock.until(() => heard.filter((each) => each === 'nodeup n2').length === 2)
  await box.clock.advance(100)
  expect(heard).toEqual(['nodeup n2', 'info up n2', 'nodedown n2', 'info down n2', 'nodeup n2'])
})
