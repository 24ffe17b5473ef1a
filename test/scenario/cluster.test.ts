// What a cluster of three does when nodes come, die, leave, are cut off and come back.
import { afterEach, describe, expect, test } from 'vitest'
import { CodedError } from '#base'
import { ExitError, genServer, type NodeOptions, reply, stop } from '#otp-labs'
import { Box } from '#test/support/box.ts'

const Lot = genServer({
  name: 'lot',
  init: (title: string) => ({ title, high: 0 }),
  calls: {
    bid: (state, amount: number) => (amount > state.high ? reply('accepted', { ...state, high: amount }) : reply('too_low', state)),
    look: (state) => reply(state, state),
    finish: (state) => stop('normal', state, 'finished'),
  },
  casts: {
    crash: (state) => {
      if (state.high >= 0) throw new Error('asked to crash')
      return state
    },
  },
})

const names = ['n1', 'n2', 'n3']
const node: Partial<NodeOptions> = { behaviours: [Lot], supervisor: { name: 'lots', maxRestarts: 1000 } }
let box: Box

afterEach(async () => {
  for (const running of box.live()) await box.stop(running.name)
})

async function withLots(count: number, note: Parameters<typeof Box.formed>[0]['note'] = []): Promise<Box> {
  box = await Box.formed({ names, node, note: ['cluster.member_changed', 'child.taken_over', 'registry.conflict', ...note] })
  for (let i = 0; i < count; i++) {
    const result = await box.through(box.node('n1').supervisor.startChild({ id: `lot-${i}`, start: [Lot, `title ${i}`] }))
    expect(result).toMatchObject({ ok: true })
  }
  return box
}

const ownersOf = (name: string) =>
  box
    .node(name)
    .registry.entries()
    .map(({ pid }) => pid.node)

describe('a cluster that is well', () => {
  test('children are spread over all nodes, and every node knows all of them', async () => {
    await withLots(30)
    expect(new Set(ownersOf('n2')).size).toBe(3)
    expect(box.violations('lot')).toEqual([])
    expect(names.map((name) => box.node(name).registry.count())).toEqual([30, 30, 30])
  })

  test('a call by name reaches the process wherever it lives', async () => {
    await withLots(6)
    for (const name of names) {
      for (let i = 0; i < 6; i++) {
        const answer = await box.through(box.node(name).call(Lot.named(`lot-${i}`), 'bid', names.indexOf(name) + 1))
        expect(answer).toBe('accepted')
      }
    }
    expect(await box.through(box.node('n1').call(Lot.named('lot-0'), 'look'))).toEqual({ title: 'title 0', high: 3 })
  })

  test('a second start of a name answers already_started with its pid, from any node', async () => {
    await withLots(1)
    const pid = box.node('n1').registry.lookup('lot-0')
    for (const name of names) {
      const result = await box.through(box.node(name).supervisor.startChild({ id: 'lot-0', start: [Lot, 'again'] }))
      expect(result).toMatchObject({ ok: false, reason: 'already_started' })
      expect(result.pid?.equals(pid as never)).toBe(true)
    }
  })

  test('starts of one name on all nodes at once leave one process', async () => {
    await withLots(0)
    const starts = names.map((name) => box.node(name).supervisor.startChild({ id: 'lot-x', start: [Lot, 'x'] }))
    const results = await box.through(Promise.all(starts))
    expect(results.filter(({ ok }) => ok)).toHaveLength(1)
    expect(results.filter((result) => !result.ok && result.reason === 'already_started')).toHaveLength(2)
    expect(box.violations('lot')).toEqual([])
  })

  test('a child that crashes is started again on its node, in the same epoch, and all know its new pid', async () => {
    await withLots(3)
    const before = box.node('n1').registry.entries()[0]
    box.node('n1').cast(Lot.named('lot-0'), 'crash')
    await box.clock.until(() => names.every((name) => box.node(name).registry.lookup('lot-0')?.serial !== before?.pid.serial))
    const after = box.node('n3').registry.entries()[0]
    expect(after?.pid.node).toBe(before?.pid.node)
    expect(after?.epoch).toBe(before?.epoch)
    expect(box.violations('lot')).toEqual([])
  })

  test('a terminated child ends wherever it lives and does not come back', async () => {
    await withLots(6)
    for (let i = 0; i < 6; i++) expect(await box.through(box.node('n2').supervisor.terminateChild(`lot-${i}`))).toBe(true)
    await box.clock.advance(3000)
    expect(names.map((name) => box.node(name).registry.count())).toEqual([0, 0, 0])
    expect(box.violations('lot')).toEqual([])
    expect(await box.through(box.node('n1').supervisor.terminateChild('lot-0'))).toBe(false)
  })

  test('a transient child that ends normally is gone from the directory; its name can be started again', async () => {
    await withLots(0)
    await box.through(box.node('n1').supervisor.startChild({ id: 'once', start: [Lot, 'once'], restart: 'transient' }))
    expect(await box.through(box.node('n2').call(Lot.named('once'), 'finish'))).toBe('finished')
    await box.clock.until(() => names.every((name) => box.node(name).registry.lookup('once') === undefined))
    const again = await box.through(box.node('n3').supervisor.startChild({ id: 'once', start: [Lot, 'once more'], restart: 'transient' }))
    expect(again.ok).toBe(true)
    await box.clock.advance(2000)
    expect(box.violations('lot')).toEqual([])
  })

  test('a behaviour that this node was not given is refused with what to do', async () => {
    await withLots(0)
    const Other = genServer({ name: 'other', init: () => 0 })
    const start = box.node('n1').supervisor.startChild({ id: 'x', start: [Other] })
    await expect(start).rejects.toThrow(CodedError)
    await expect(start).rejects.toThrow(/has no behaviour 'other'; it has: lot\. List it in createNode/)
  })
})

describe('a node that dies', () => {
  test('is down as soon as all are refused at its address, and its children live elsewhere at once', async () => {
    await withLots(60)
    const at = box.clock.now()
    box.crash('n3')
    await box.clock.until(() => box.violations('lot').length === 0 && box.node('n1').registry.count() === 60, 4000)
    expect(box.clock.now() - at).toBeLessThan(1000)
    const downs = box.events('cluster.member_changed').filter(({ change }) => change === 'down')
    expect(downs.map(({ by, name, cause }) => [by, name, cause]).sort()).toEqual([
      ['n1', 'n3', 'refused'],
      ['n2', 'n3', 'refused'],
    ])
    const takeovers = box.events('child.taken_over')
    expect(takeovers.every(({ outcome, epoch }) => outcome === 'started' && epoch === 2)).toBe(true)
    expect(new Set(takeovers.map(({ name }) => name)).size).toBe(takeovers.length)
    expect(takeovers.length).toBeGreaterThan(0)
  })

  test('whose host is gone is down after T_down of silence, not before', async () => {
    await withLots(12)
    const at = box.clock.now()
    box.network.partition([['n1', 'n2'], ['n3']])
    box.crash('n3')
    await box.clock.advance(3500)
    expect(box.node('n1').registry.count()).toBe(12)
    await box.clock.until(() => box.node('n1').registry.count() === 12 && box.violations('lot').length === 0, 10_000)
    expect(box.clock.now() - at).toBeGreaterThan(3900)
    const changes = box.events('cluster.member_changed').filter(({ name, change }) => name === 'n3' && change !== 'join')
    expect(changes.map(({ by, change, cause }) => `${by} ${change} ${cause}`).sort()).toEqual([
      'n1 down heartbeat',
      'n1 suspect heartbeat',
      'n2 down heartbeat',
      'n2 suspect heartbeat',
    ])
  })

  test('comes back as a new incarnation, and is given children again', async () => {
    await withLots(30)
    const former = box.node('n3').id
    box.crash('n3')
    await box.clock.until(() => box.node('n1').cluster.alive.size === 2)
    box.start('n3')
    await box.clock.until(() => names.every((name) => box.node(name).cluster.alive.size === 3 && box.node(name).isReady))
    expect(box.node('n3').id).not.toBe(former)
    for (let i = 0; i < 20; i++) await box.through(box.node('n1').supervisor.startChild({ id: `new-${i}`, start: [Lot, 'new'] }))
    expect(ownersOf('n2')).toContain(box.node('n3').id)
    await box.clock.advance(2000)
    expect(box.violations('lot')).toEqual([])
    expect(box.node('n1').registry.count()).toBe(50)
  })

  test('and is back before anybody noticed: its former children are started somewhere once', async () => {
    await withLots(30)
    box.crash('n3')
    box.start('n3')
    await box.clock.until(() => names.every((name) => box.node(name).isReady && box.node(name).cluster.alive.size === 3), 20_000)
    await box.clock.until(() => box.violations('lot').length === 0 && box.node('n1').registry.count() === 30, 10_000)
    await box.clock.advance(5000)
    expect(box.violations('lot')).toEqual([])
  })

  test('fails the calls that were under way to it with noconnection', async () => {
    await withLots(12)
    const victim = box
      .node('n1')
      .registry.entries()
      .find(({ pid }) => pid.node === box.node('n3').id)
    const call = box.node('n1').call(Lot.named(victim?.name as string), 'look')
    box.crash('n3')
    const error = await box.through(call).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ExitError)
    expect((error as ExitError).reason).toBe('noconnection')
  })
})

describe('a node that leaves', () => {
  test('says so, stops its children in order, and they start afresh elsewhere', async () => {
    await withLots(30)
    await box.stop('n2')
    await box.clock.until(() => box.violations('lot').length === 0 && box.node('n1').registry.count() === 30, 2000)
    expect(
      box
        .node('n1')
        .snapshot()
        .members.find(({ name }) => name === 'n2')?.status,
    ).toBe('left')
    const changes = box.events('cluster.member_changed').filter(({ name, change }) => name === 'n2' && change !== 'join')
    expect(changes.map(({ by, change }) => `${by} ${change}`).sort()).toEqual(['n1 leave', 'n3 leave'])
    expect(box.events('registry.conflict')).toEqual([])
  })
})

describe('a network that fails', () => {
  test('one cut link makes nobody down: they hear of each other from the third', async () => {
    await withLots(12)
    box.network.cut('n1', 'n2')
    await box.clock.advance(30_000)
    expect(box.events('cluster.member_changed').filter(({ change }) => change === 'down')).toEqual([])
    expect(box.events('child.taken_over')).toEqual([])
    box.network.heal()
    await box.clock.advance(6000)
    expect(box.violations('lot')).toEqual([])
  })

  test('after a partition heals each name has one owner, on which all agree, and the conflict is told', async () => {
    await withLots(30)
    box.network.partition([['n1'], ['n2', 'n3']])
    await box.clock.advance(20_000)
    expect(box.node('n1').registry.count()).toBe(30)
    expect(box.node('n2').registry.count()).toBe(30)
    box.network.heal()
    await box.clock.until(
      () => names.every((name) => box.node(name).cluster.alive.size === 3) && box.violations('lot').length === 0,
      20_000,
    )
    await box.clock.advance(5000)
    expect(box.violations('lot')).toEqual([])
    expect(box.node('n1').registry.count()).toBe(30)
    expect(box.events('registry.conflict').length).toBeGreaterThan(0)
  })

  test('a child terminated on one side of a partition does not return from the other', async () => {
    await withLots(12)
    box.network.partition([['n1'], ['n2', 'n3']])
    await box.clock.advance(10_000)
    for (let i = 0; i < 12; i++) await box.through(box.node('n1').supervisor.terminateChild(`lot-${i}`))
    box.network.heal()
    await box.clock.until(() => names.every((name) => box.node(name).cluster.alive.size === 3), 20_000)
    await box.clock.until(() => names.every((name) => box.node(name).registry.count() === 0), 5000)
    await box.clock.advance(5000)
    expect(box.violations('lot')).toEqual([])
  })

  test('a node that stood still does not declare the others dead when it goes on', async () => {
    await withLots(12)
    box.pause('n2')
    await box.clock.advance(20_000)
    const before = box.events('child.taken_over').length
    box.resume('n2')
    await box.clock.until(() => names.every((name) => box.node(name).cluster.alive.size === 3), 20_000)
    await box.clock.advance(3000)
    expect(box.events('child.taken_over').filter(({ by }) => by === 'n2')).toEqual([])
    expect(box.events('child.taken_over').length).toBe(before)
    expect(box.violations('lot')).toEqual([])
  })
})

describe('children that cannot run', () => {
  test('a start that fails answers with the reason and leaves nothing behind', async () => {
    box = await Box.formed({ names, node: { ...node, behaviours: [Fragile] } })
    const result = await box.through(box.node('n1').supervisor.startChild({ id: 'f', start: [Fragile, 'never'] }))
    expect(result.ok).toBe(false)
    expect(String((result as { reason: { error: Error } }).reason.error)).toContain('will not start')
    expect(box.node('n2').registry.count()).toBe(0)
  })
})

const Fragile = genServer({
  name: 'lot',
  init: (wish: string): string => {
    throw new Error(`${wish} will not start`)
  },
})
