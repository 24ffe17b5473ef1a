// Children that fail: sent elsewhere, quarantined when they fail wherever they go, released on request; their siblings live on.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { genServer, type NodeOptions } from '#otp-labs'
import { Box } from '#test/support/box.ts'

/** Starts that fail, by node or everywhere; and children that crash as soon as they run. */
let failsOn: (node: string) => boolean
let isPoisonous: (id: string) => boolean

const Lot = genServer({
  name: 'lot',
  init: (title: string, self) => {
    if (failsOn(self.pid.node.split('.')[0] as string)) throw new Error(`${title} will not start`)
    if (isPoisonous(title)) self.sendAfter(1, 'poison')
    return title
  },
  casts: {
    crash: (state): string => {
      throw new Error(`${state} was asked to crash`)
    },
  },
  infos: {
    poison: (state): string => {
      throw new Error(`${state} is poison`)
    },
  },
})

const names = ['n1', 'n2', 'n3']
const node: Partial<NodeOptions> = { behaviours: [Lot], supervisor: { name: 'lots', maxRestarts: 3 } }
let box: Box

beforeEach(() => {
  failsOn = () => false
  isPoisonous = () => false
})

afterEach(async () => {
  for (const running of box.live()) await box.stop(running.name)
})

async function withLots(ids: readonly string[], options: Partial<NodeOptions> = node): Promise<void> {
  box = await Box.formed({
    names,
    node: options,
    note: [
      'supervisor.intensity_exceeded',
      'child.relocated',
      'child.quarantined',
      'child.released',
      'child.taken_over',
      'registry.conflict',
      'process.spawned',
    ],
  })
  for (const id of ids) {
    expect(await box.through(box.node('n1').supervisor.startChild({ id, start: [Lot, id] }))).toMatchObject({ ok: true })
  }
}

const many = (count: number) => Array.from({ length: count }, (_, i) => `lot-${i}`)
const ownerOf = (id: string) => box.node('n1').registry.lookup(id)?.node.split('.')[0]
const status = (id: string, by = 'n1') =>
  box
    .node(by)
    .supervisor.whichChildren()
    .find((child) => child.id === id)?.status

describe('a local supervisor that gives up', () => {
  test('sends the child that made it do so elsewhere after a wait, and starts the others again where they were', async () => {
    await withLots(many(12))
    const poison = 'lot-0'
    const home = ownerOf(poison) as string
    const siblings = many(12).filter((id) => id !== poison && ownerOf(id) === home)
    for (let i = 0; i < 4; i++) {
      box.node('n1').cast(Lot.named(poison), 'crash')
      await box.clock.advance(10)
    }
    await box.clock.until(() => box.events('supervisor.intensity_exceeded').length === 1, 2000)
    await box.clock.advance(500)
    expect(names.map((name) => status(poison, name))).toEqual(['moving', 'moving', 'moving'])
    expect(box.node('n2').registry.lookup(poison)).toBeUndefined()
    await box.clock.until(() => box.violations('lot').length === 0 && box.node('n2').registry.count() === 12, 5000)
    expect(box.events('child.relocated')).toMatchObject([{ name: poison, by: home, cause: 'crashed', attempts: 1, epoch: 2 }])
    expect(ownerOf(poison)).not.toBe(home)
    expect(siblings.map(ownerOf)).toEqual(siblings.map(() => home))
    const causes = box.events('process.spawned').filter(({ cause }) => cause === 'relocate' || cause === 'reconcile')
    expect(causes.map(({ child, cause }) => `${child} ${cause}`).sort()).toEqual(
      [`${poison} relocate`, ...siblings.map((id) => `${id} reconcile`)].sort(),
    )
    expect(box.events('registry.conflict')).toEqual([])
  })

  test('quarantines a child that crashes wherever it goes; it is listed and counted everywhere, and its siblings live on', async () => {
    isPoisonous = (id) => id === 'poison'
    await withLots([...many(12), 'poison'])
    await box.clock.until(() => box.events('child.quarantined').length === 1, 30_000)
    await box.clock.advance(5000)
    expect(box.violations('lot')).toEqual([])
    const relocated = box.events('child.relocated')
    expect(new Set([...relocated, ...box.events('child.quarantined')].map(({ by }) => by)).size).toBe(3)
    expect([...new Set(relocated.map(({ name }) => name))]).toEqual(['poison'])
    for (const name of names) {
      const { supervisor, registry } = box.node(name)
      expect(supervisor.quarantined()).toMatchObject([
        { id: 'poison', behaviour: 'lot', attempts: 3, reason: expect.stringContaining('poison') },
      ])
      expect(supervisor.countChildren()).toMatchObject({ specs: 13, active: 12, workers: 13, quarantined: 1, unplaced: 0, moving: 0 })
      expect(box.node(name).snapshot().childrenQuarantined).toBe(1)
      expect(registry.lookup('poison')).toBeUndefined()
      expect(registry.count()).toBe(12)
    }
    const again = await box.through(box.node('n2').supervisor.startChild({ id: 'poison', start: [Lot, 'again'] }))
    expect(again).toEqual({ ok: false, reason: 'already_present' })
    await box.clock.advance(120_000)
    expect(box.events('child.relocated')).toHaveLength(relocated.length)
  })

  test('many times in a row brings no node down: all that is poison ends in quarantine, and everything else lives on', async () => {
    isPoisonous = (id) => id.startsWith('poison')
    await withLots(many(12))
    const failures: string[] = []
    for (const running of box.live()) running.onFailure = (reason) => failures.push(reason)
    const poison = Array.from({ length: 40 }, (_, i) => `poison-${i}`)
    await box.through(Promise.all(poison.map((id) => box.node('n1').supervisor.startChild({ id, start: [Lot, id] }))))
    await box.clock.until(() => box.node('n2').supervisor.quarantined().length === 40, 600_000)
    await box.clock.advance(20_000)
    expect(failures).toEqual([])
    expect(box.violations('lot')).toEqual([])
    expect(names.map((name) => box.node(name).supervisor.countChildren())).toEqual(
      names.map(() => expect.objectContaining({ active: 12, quarantined: 40, moving: 0, unplaced: 0 })),
    )
  })

  test('forgets the failures of a child that ran well for a minute', async () => {
    await withLots(['lot-0'])
    for (let round = 1; round <= 5; round++) {
      for (let i = 0; i < 4; i++) {
        box.node('n1').cast(Lot.named('lot-0'), 'crash')
        await box.clock.advance(10)
      }
      await box.clock.until(() => box.events('child.relocated').length === round && box.node('n1').registry.count() === 1, 10_000)
      await box.clock.advance(65_000)
    }
    expect(box.events('child.relocated').map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1, 1])
    expect(box.events('child.quarantined')).toEqual([])
  })

  test('starts neither a temporary child again nor moves it, and a dead node’s temporary children are over', async () => {
    await withLots(many(6), { ...node, supervisor: { name: 'lots', maxRestarts: 0 } })
    const temporary = Array.from({ length: 12 }, (_, i) => `once-${i}`)
    for (const id of temporary) {
      await box.through(box.node('n1').supervisor.startChild({ id, start: [Lot, id], restart: 'temporary' }))
    }
    const stays = temporary.filter((id) => ownerOf(id) === 'n1')
    const victim = many(6).find((id) => ownerOf(id) === 'n2') as string
    box.node('n1').cast(Lot.named(victim), 'crash')
    await box.clock.until(() => box.events('child.relocated').length === 1, 5000)
    box.crash('n3')
    await box.clock.until(() => box.violations('lot').length === 0 && box.node('n1').registry.count() === 6 + stays.length, 10_000)
    expect(temporary.filter((id) => status(id) !== undefined)).toEqual(stays)
    expect(box.events('child.relocated').map(({ name }) => name)).toEqual([victim])
  })
})

describe('a quarantined child', () => {
  async function withPoison(): Promise<void> {
    isPoisonous = (id) => id === 'poison'
    await withLots(['lot-0', 'poison'])
    await box.clock.until(() => box.events('child.quarantined').length === 1, 30_000)
    await box.clock.advance(1000)
  }

  test('is released on request from any node, and starts with a clean slate', async () => {
    await withPoison()
    isPoisonous = () => false
    expect(await box.through(box.node('n3').supervisor.release('poison'))).toBe(true)
    await box.clock.until(() => names.every((name) => box.node(name).registry.lookup('poison') !== undefined), 2000)
    expect(box.events('child.released')).toMatchObject([{ name: 'poison', by: 'n3' }])
    expect(names.map((name) => box.node(name).supervisor.quarantined())).toEqual([[], [], []])
    expect(box.violations('lot')).toEqual([])
    expect(await box.through(box.node('n3').supervisor.release('poison'))).toBe(false)
    expect(await box.through(box.node('n3').supervisor.release('nobody'))).toBe(false)
  })

  test('that is released and still fails is quarantined again', async () => {
    await withPoison()
    await box.through(box.node('n1').supervisor.release('poison'))
    await box.clock.until(() => box.events('child.quarantined').length === 2, 30_000)
    expect(box.events('child.quarantined').map(({ attempts }) => attempts)).toEqual([3, 3])
  })

  test('stays quarantined when the node that held it is gone, and comes back from a partition as one', async () => {
    await withPoison()
    const holder = box.events('child.quarantined')[0]?.by as string
    box.crash(holder)
    await box.clock.advance(10_000)
    const survivors = names.filter((name) => name !== holder)
    expect(survivors.map((name) => status('poison', name))).toEqual(['quarantined', 'quarantined'])
    expect(box.events('child.taken_over').filter(({ name }) => name === 'poison')).toEqual([])
    expect(await box.through(box.node(survivors[0] as string).supervisor.terminateChild('poison'))).toBe(true)
    await box.clock.advance(1000)
    expect(survivors.map((name) => status('poison', name))).toEqual([undefined, undefined])
  })

  test('can be terminated, and its name is free again', async () => {
    await withPoison()
    isPoisonous = () => false
    expect(await box.through(box.node('n2').supervisor.terminateChild('poison'))).toBe(true)
    expect(await box.through(box.node('n1').supervisor.startChild({ id: 'poison', start: [Lot, 'poison'] }))).toMatchObject({ ok: true })
    await box.clock.advance(1000)
    expect(names.map((name) => box.node(name).supervisor.quarantined())).toEqual([[], [], []])
  })
})

describe('a start that fails', () => {
  test('is answered with its reason at once and not tried again', async () => {
    await withLots([])
    failsOn = () => true
    const result = await box.through(box.node('n1').supervisor.startChild({ id: 'f', start: [Lot, 'f'] }))
    expect(result).toMatchObject({ ok: false, reason: { error: expect.objectContaining({ message: 'f will not start' }) } })
    await box.clock.advance(10_000)
    expect(names.map((name) => box.node(name).supervisor.whichChildren())).toEqual([[], [], []])
  })

  test('in a takeover is tried on the next node after a wait', async () => {
    await withLots(many(9))
    const lost = many(9).filter((id) => ownerOf(id) === 'n3')
    expect(lost.length).toBeGreaterThan(0)
    failsOn = (name) => name === 'n2'
    box.crash('n3')
    await box.clock.until(() => box.violations('lot').length === 0 && box.node('n1').registry.count() === 9, 20_000)
    expect(lost.map(ownerOf)).toEqual(lost.map(() => 'n1'))
    expect(box.events('child.relocated').every(({ by, cause }) => by === 'n2' && cause === 'start_failed')).toBe(true)
  })

  test('everywhere ends in quarantine after each node has been tried, not in trying for ever', async () => {
    await withLots(many(9))
    const lost = many(9).filter((id) => ownerOf(id) === 'n3')
    failsOn = () => true
    box.crash('n3')
    await box.clock.until(() => box.events('child.quarantined').length === lost.length, 30_000)
    const spawned = box.events('child.relocated').length
    await box.clock.advance(60_000)
    expect(box.events('child.relocated')).toHaveLength(spawned)
    expect(box.events('child.quarantined').every(({ attempts }) => attempts === 3)).toBe(true)
    for (const child of box.node('n1').supervisor.quarantined())
      expect(child.nodes.map((id) => id.split('.')[0]).sort()).toEqual(['n1', 'n2'])
    failsOn = () => false
    for (const id of lost) await box.through(box.node('n2').supervisor.release(id))
    await box.clock.until(() => box.violations('lot').length === 0 && box.node('n1').registry.count() === 9, 5000)
  })
})
