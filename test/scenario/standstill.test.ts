// A node that was stopped and goes on: what it lost meanwhile it does not serve any more, and what it kept it serves on.
import { expect, test } from 'vitest'
import { ExitError, genServer, noReply, reply } from '#otp-labs'
import { Box } from '#test/support/box.ts'

const served: string[] = []
const Lot = genServer({
  name: 'lot',
  init: (title: string) => title,
  calls: {
    bid: (state, _amount: number, self) => {
      served.push(`${self.pid}`)
      return reply('accepted', state)
    },
  },
  casts: {
    note: (state, _: string, self) => {
      served.push(`${self.pid}`)
      return noReply(state)
    },
  },
})
const names = ['n1', 'n2', 'n3']

async function withLots(count: number): Promise<Box> {
  const box = await Box.formed({ names, node: { behaviours: [Lot] }, delayMs: [1, 3] })
  for (let i = 0; i < count; i++) await box.through(box.node('n1').supervisor.startChild({ id: `lot-${i}`, start: [Lot, 'x'] }))
  served.length = 0
  return box
}

const pidsOf = (box: Box, owner: string) => {
  const { id, registry } = box.node(owner)
  return registry.entries().filter(({ pid }) => pid.node === id)
}

test.each([true, false])('what it lost it does not serve, whether it reads first (%s) or looks at its timers', async (readsFirst) => {
  const box = await withLots(30)
  const lost = pidsOf(box, 'n2')
  expect(lost.length).toBeGreaterThan(3)
  box.pause('n2')
  // These reach its door while it stands still.
  const calls = lost.map(({ pid }) =>
    box
      .node('n1')
      .call(pid, 'bid', 1)
      .catch((error: unknown) => error),
  )
  await box.clock.advance(9000)
  expect(pidsOf(box, 'n1').length + pidsOf(box, 'n3').length).toBe(30)
  served.length = 0
  box.resume('n2', { readsFirst })
  // And these are sent by its own processes, who do not know yet.
  for (const { pid } of lost) box.node('n2').cast(pid, 'note', 'x')
  await box.clock.advance(3000)
  expect(served).toEqual([])
  expect(await Promise.all(calls)).toSatisfy((answers: unknown[]) => answers.every((answer) => answer instanceof ExitError))
  expect(box.violations('lot')).toEqual([])
})

test('one second after it goes on no duplicate is left, and calls by name reach the new owners', async () => {
  const box = await withLots(30)
  const [{ name } = { name: '' }] = pidsOf(box, 'n2')
  box.pause('n2')
  await box.clock.advance(20_000)
  box.resume('n2')
  const answer = box
    .node('n2')
    .call(Lot.named(name), 'bid', 1)
    .catch((error: unknown) => error)
  await box.clock.advance(1000)
  expect(box.violations('lot')).toEqual([])
  expect(await box.through(answer)).toBeInstanceOf(ExitError)
  expect(await box.through(box.node('n2').call(Lot.named(name), 'bid', 2))).toBe('accepted')
})

test('what it kept waits until a peer has answered, and is served then', async () => {
  const box = await withLots(12)
  // Nobody could take anything: nobody else was there.
  box.crash('n1')
  box.crash('n3')
  await box.clock.until(() => pidsOf(box, 'n2').length === 12, 10_000)
  const [{ pid } = { pid: undefined }] = pidsOf(box, 'n2')
  if (pid === undefined) throw new Error('nothing runs')
  box.pause('n2')
  await box.clock.advance(20_000)
  box.resume('n2')
  const answer = box.node('n2').call(pid, 'bid', 1)
  await box.clock.advance(1900)
  expect(served).toEqual([])
  await box.clock.advance(200)
  expect(await answer).toBe('accepted')
})

test('a node that was always alone waits for nobody', async () => {
  const box = new Box({ names: ['n1'], node: { behaviours: [Lot] } })
  const node = box.start('n1')
  await box.clock.until(() => node.isReady, 10_000)
  const result = await box.through(node.supervisor.startChild({ id: 'lot', start: [Lot, 'x'] }))
  if (!result.ok) throw new Error('not started')
  box.pause('n1')
  await box.clock.advance(20_000)
  box.resume('n1')
  const answer = node.call(result.pid, 'bid', 1)
  await box.clock.advance(10)
  expect(await answer).toBe('accepted')
})
