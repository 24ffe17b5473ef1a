// Children that move with their state: what they keep, who is answered by whom, and how each move that fails ends.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ExitError, genServer, type NodeOptions, noReply, type Pid, reply, type Self } from '#otp-labs'
import { Box, type BoxOptions } from '#test/support/box.ts'

interface State {
  readonly title: string
  readonly bids: readonly number[]
}

/** What happens on which node when a state is saved or loaded. */
let onSave: (state: State) => void
let onLoad: (data: State) => void
/** How often `init` ran, and what `terminate` heard. */
let begun: string[]
let terminated: unknown[]

const Lot = genServer({
  name: 'lot',
  init: (title: string, self) => {
    begun.push(self.pid.node)
    return { title, bids: [] as readonly number[] }
  },
  calls: {
    bid: (state, amount: number) => reply(state.bids.length + 1, { ...state, bids: [...state.bids, amount] }),
    look: (state) => reply(state.bids, state),
    later: (state, ms: number, self) => {
      self.sendAfter(ms, 'answer')
      waiting = self.from
      return noReply(state)
    },
  },
  casts: {
    note: (state, amount: number) => ({ ...state, bids: [...state.bids, amount] }),
    crash: () => {
      throw new Error('asked to')
    },
    remind: (state, [ms, amount]: readonly [number, number], self) => {
      self.sendAfter(ms, 'reminded', amount)
      return state
    },
    watch: (state, pid: Pid, self) => {
      self.monitor(pid)
      return state
    },
    hang: async (state) => {
      await hanging
      return state
    },
    beat: (state, ms: number, self) => {
      self.sendInterval(ms, 'reminded', 7)
      return state
    },
    idle: (state, ms: number) => noReply(state, { timeoutMs: ms }),
    burden: (state, bytes: number) => ({ ...state, ballast: new Uint8Array(bytes).fill(7) }),
  },
  infos: {
    reminded: (state, amount: number) => ({ ...state, bids: [...state.bids, amount] }),
    timeout: (state) => ({ ...state, bids: [...state.bids, -1] }),
    answer: (state) => state,
    DOWN: (state) => ({ ...state, bids: [...state.bids, -2] }),
  },
  terminate: (_state, reason) => {
    terminated.push(reason)
  },
  handoff: {
    version: 3,
    save: (state) => {
      onSave(state)
      return state
    },
    load: (data) => {
      onLoad(data as State)
      return data as State
    },
  },
})
let waiting: Self['from']
/** What the cast `hang` waits for. */
let hanging: Promise<void>

/** Is linked with a process, and monitors it. */
const Friend = genServer({
  name: 'friend',
  trapExit: true,
  init: (pid: Pid, self): readonly unknown[] => {
    self.linkTo(pid)
    self.monitor(pid)
    return []
  },
  calls: { heard: (state) => reply(state, state) },
  infos: {
    EXIT: (state, { reason }: { reason: unknown }) => [...state, ['EXIT', reason]],
    DOWN: (state, { reason }: { reason: unknown }) => [...state, ['DOWN', reason]],
  },
})

/** Of another release, that does not know what this one saves. */
const OldLot = genServer({
  name: 'lot',
  init: (title: string, self): State => {
    begun.push(self.pid.node)
    return { title, bids: [] }
  },
  handoff: { version: 2 },
})
const NoLot = genServer({ name: 'barn', init: () => undefined })

const names = ['n1', 'n2', 'n3']
const node: Partial<NodeOptions> = { behaviours: [Lot], supervisor: { name: 'lots' } }
let box: Box

beforeEach(() => {
  onSave = () => undefined
  onLoad = () => undefined
  begun = []
  terminated = []
})

afterEach(async () => {
  for (const running of box.live()) await box.stop(running.name)
})

async function withLot(options: Partial<BoxOptions> = {}): Promise<void> {
  box = await Box.formed({
    names,
    node,
    note: [
      'handoff.started',
      'handoff.ended',
      'handoff.received',
      'process.exited',
      'process.dead_letter',
      'supervisor.child_restarted',
      'registry.conflict',
      'child.taken_over',
    ],
    ...options,
  })
  expect(await box.through(box.node('n1').supervisor.startChild({ id: 'moon', start: [Lot, 'Moon rock'] }))).toMatchObject({ ok: true })
  await box.clock.advance(100)
}

const home = () => box.node('n1').registry.lookup('moon')?.node.split('.')[0] as string
const others = () => names.filter((name) => name !== home())
const bids = (by: string) => box.through(box.node(by).call(Lot.named('moon'), 'look'))
const move = (to: string, by = 'n1') => box.through(box.node(by).supervisor.moveChild('moon', to))
const outcomes = () => box.events('handoff.ended').map(({ outcome, because }) => [outcome, because])

describe('a child that moves', () => {
  test('keeps its state, is begun by nobody, ends by no callback, and all nodes find it at its new place', async () => {
    await withLot()
    for (const amount of [5, 6]) await box.through(box.node('n2').call(Lot.named('moon'), 'bid', amount))
    const [from, to] = [home(), others()[0] as string]
    const old = box.node('n1').registry.lookup('moon')
    expect(await move(to)).toEqual({ ok: true, outcome: 'completed' })
    await box.clock.advance(100)
    expect(home()).toBe(to)
    for (const name of names) expect(await bids(name)).toEqual([5, 6])
    expect(box.violations('lot')).toEqual([])
    expect(begun).toHaveLength(1)
    expect(terminated).toEqual([])
    expect(box.events('handoff.ended')).toMatchObject([{ by: from, outcome: 'completed', reason: 'manual', bytes: expect.any(Number) }])
    const [{ phases } = { phases: {} }] = box.events('handoff.ended')
    expect(Object.keys(phases)).toEqual(['prepare', 'transfer', 'activate', 'forward'])
    expect(box.events('handoff.received')).toMatchObject([{ by: to, name: 'moon', epoch: 2 }])
    expect(box.events('process.exited').filter(({ behaviour }) => behaviour === 'lot')).toMatchObject([
      { pid: old, reason: { shutdown: 'handoff' }, class: 'shutdown' },
    ])
    expect(box.events('supervisor.child_restarted')).toEqual([])
    expect(box.events('registry.conflict')).toEqual([])
  })

  test('is restarted where it is when it crashes there, and begins anew', async () => {
    await withLot()
    await box.through(box.node('n1').call(Lot.named('moon'), 'bid', 5))
    const to = others()[0] as string
    await move(to)
    box.node('n1').cast(Lot.named('moon'), 'crash')
    await box.clock.advance(200)
    expect(await bids('n1')).toEqual([])
    expect(home()).toBe(to)
    expect(box.violations('lot')).toEqual([])
  })

  test('may move on, and back', async () => {
    await withLot()
    await box.through(box.node('n1').call(Lot.named('moon'), 'bid', 5))
    const first = home()
    for (const to of [...others(), first]) expect(await move(to, 'n3')).toEqual({ ok: true, outcome: 'completed' })
    await box.clock.advance(100)
    expect(home()).toBe(first)
    expect(await bids('n2')).toEqual([5])
    expect(box.violations('lot')).toEqual([])
  })

  test('takes its timers along, each with the time it has left, and its idle time-out', async () => {
    await withLot({ delayMs: 0 })
    const old = home()
    box.node(old).cast(Lot.named('moon'), 'remind', [1000, 1])
    box.node(old).cast(Lot.named('moon'), 'beat', 400)
    await box.clock.advance(300)
    await move(others()[0] as string)
    expect(await bids('n1')).toEqual([])
    await box.clock.advance(110)
    expect(await bids('n1')).toEqual([7])
    await box.clock.advance(600)
    expect(await bids('n1')).toEqual([7, 7, 1])
  })

  test('says of its links and monitors that it has ended here with {shutdown, handoff}', async () => {
    await withLot()
    const seen: unknown[] = []
    const pid = box.node('n1').registry.lookup('moon')
    if (pid === undefined) throw new Error('it runs')
    box.node('n1').runtime.monitor(pid, { down: (_ref, _pid, reason) => seen.push(reason) })
    await box.clock.advance(10)
    await move(others()[0] as string)
    await box.clock.advance(100)
    expect(seen).toEqual([{ shutdown: 'handoff' }])
  })

  test('takes none of its ties along; ties to its old pid made later are to where it is, but for links', async () => {
    await withLot({ nodeOf: () => ({ behaviours: [Lot, Friend] }) })
    const [from, to, by] = [home(), ...others()] as [string, string, string]
    const pid = box.node('n1').registry.lookup('moon') as Pid
    const friend = (name: string) => {
      const started = box.node(name).runtime.spawn(Friend.body, pid, { cause: 'call' })
      if (started instanceof Promise || !started.ok) throw new Error('it starts at once')
      return started.pid
    }
    const heardBy = (who: Pid) => box.through(box.node(who.node.split('.')[0] as string).call(who as Pid<typeof Friend>, 'heard'))
    const [near, far] = [friend(from), friend(by)]
    const watched = friend(from)
    box.node(from).cast(Lot.named('moon'), 'watch', watched)
    await box.clock.advance(50)
    await move(to)
    await box.clock.advance(100)
    const end = { shutdown: 'handoff' }
    for (const who of [near, far]) {
      const heard = (await heardBy(who)) as unknown[]
      expect(heard).toHaveLength(2)
      expect(heard).toEqual(
        expect.arrayContaining([
          ['EXIT', end],
          ['DOWN', end],
        ]),
      )
    }
    // Its own monitor has stayed behind.
    box.node(from).runtime.exit(watched, watched, 'kill')
    await box.clock.advance(100)
    expect(await bids(to)).toEqual([])
    const late = friend(from)
    await box.clock.advance(100)
    expect(await heardBy(late)).toEqual([['EXIT', 'noproc']])
    const now = box.node(to).registry.lookup('moon') as Pid
    box.node(to).runtime.exit(now, now, 'kill')
    await box.clock.advance(100)
    expect(await heardBy(late)).toEqual([
      ['EXIT', 'noproc'],
      ['DOWN', 'killed'],
    ])
  })

  test('of several megabytes goes in pieces, over a slow link, and nobody is taken for dead meanwhile', { timeout: 60_000 }, async () => {
    await withLot({ delayMs: 150, note: ['handoff.ended', 'cluster.member_changed', 'handoff.received'] })
    box.node('n1').cast(Lot.named('moon'), 'burden', 4 * 1024 * 1024)
    await box.clock.advance(1000)
    const changes = box.events('cluster.member_changed').length
    expect(await move(others()[0] as string)).toEqual({ ok: true, outcome: 'completed' })
    const [ended] = box.events('handoff.ended')
    expect(ended?.bytes).toBeGreaterThan(4 * 1024 * 1024)
    expect(ended?.phases.transfer).toBeGreaterThan(4000)
    expect(box.events('cluster.member_changed')).toHaveLength(changes)
  })
})

describe('messages', () => {
  test('by name and by its old pid reach it once and in order, from all nodes, though it moves meanwhile', {
    timeout: 60_000,
  }, async () => {
    await withLot({ delayMs: [1, 20] })
    const old = box.node('n1').registry.lookup('moon')
    if (old === undefined) throw new Error('it runs')
    const answers = names.map(() => [] as number[])
    const moves: Promise<unknown>[] = []
    let calls = 0
    for (let round = 0; round < 60; round++) {
      if (round % 15 === 5) {
        await box.clock.advance(0)
        moves.push(box.node('n1').supervisor.moveChild('moon', names[((round / 15) | 0) % 3] as string))
      }
      for (const [index, name] of names.entries()) {
        calls++
        void box
          .node(name)
          .call(Lot.named('moon'), 'bid', index * 1000 + round)
          .then((count) => answers[index]?.push(count))
      }
      await box.clock.advance(5)
    }
    await box.clock.until(() => answers.flat().length === calls, 20_000)
    await box.through(Promise.all(moves))
    const taken = (await bids('n2')) as number[]
    expect(taken).toHaveLength(calls)
    for (const index of names.keys()) {
      const mine = taken.filter((bid) => Math.floor(bid / 1000) === index)
      expect(mine).toEqual(mine.toSorted((a, b) => a - b))
      expect(answers[index]).toEqual(answers[index]?.toSorted((a, b) => a - b))
    }
    expect(box.events('handoff.ended').length).toBeGreaterThanOrEqual(3)
    box.node('n3').runtime.send(old, 'cast', 'note', 9999)
    await box.clock.advance(200)
    expect(((await bids('n1')) as number[]).at(-1)).toBe(9999)
    expect(box.events('process.dead_letter')).toEqual([])
  })

  test('that their sender has given up waiting for are lost rather than late', async () => {
    // So long that the old node is waited for longer than a fence is.
    await withLot({ delayMs: 20, times: { tickMs: 1000, suspectMs: 2000, downMs: 20_000, forgetMs: 3600_000, forgetGoneMs: 600_000 } })
    const [from, to, by] = [home(), ...others()] as [string, string, string]
    const moved = box.node(from).supervisor.moveChild('moon', to)
    await box.clock.until(() => box.events('handoff.received').length === 1, 5000, 1)
    // The sender has not heard of the move yet; the old node stands still before it can pass on what is on its way.
    await box.clock.advance(19)
    const call = box.node(by).call(Lot.named('moon'), 'bid', 1, { timeoutMs: 30_000 })
    const lost = call.catch((error: ExitError) => error.reason)
    box.node(by).cast(Lot.named('moon'), 'note', 2)
    await box.clock.until(() => box.events('handoff.ended').length === 1, 1000, 1)
    box.pause(from)
    expect(await moved).toEqual({ ok: true, outcome: 'completed' })
    await box.clock.advance(30)
    box.node(by).cast(Lot.named('moon'), 'note', 4)
    await box.clock.advance(6500)
    expect((await bids(to)) as number[]).toEqual([4])
    box.resume(from, { readsFirst: true })
    await box.clock.advance(5000)
    expect((await bids(to)) as number[]).toEqual([4])
    expect(await lost).toBe('noconnection')
    box.node(by).cast(Lot.named('moon'), 'note', 5)
    await box.clock.advance(100)
    expect((await bids(to)) as number[]).toEqual([4, 5])
    expect(box.violations('lot')).toEqual([])
  })

  test('whose answer was to come later fail: who was to answer has ended here', async () => {
    await withLot()
    const call = box.node('n1').call(Lot.named('moon'), 'later', 60_000, { timeoutMs: 30_000 })
    await box.clock.advance(50)
    const failed = call.catch((error: ExitError) => error.reason)
    expect(waiting).toBeDefined()
    await move(others()[0] as string)
    await box.clock.advance(100)
    expect(await failed).toEqual({ shutdown: 'handoff' })
  })
})

describe('a move that fails', () => {
  const stays = async (outcome: string, because: string) => {
    const from = home()
    const to = others()[0] as string
    await box.through(box.node('n1').call(Lot.named('moon'), 'bid', 5))
    expect(await move(to)).toEqual({ ok: false, outcome })
    expect(outcomes()).toEqual([[outcome, expect.stringContaining(because)]])
    expect(home()).toBe(from)
    expect(await bids(to)).toEqual([5])
    await box.clock.advance(15_000)
    expect(box.violations('lot')).toEqual([])
    expect(begun).toHaveLength(1)
  }

  test('since save throws, leaves it where it is', async () => {
    await withLot()
    onSave = () => {
      throw new Error('not now')
    }
    await stays('resumed', 'not now')
  })

  test('since load throws, leaves it where it is', async () => {
    await withLot()
    onLoad = () => {
      throw new Error('too old')
    }
    await stays('refused', 'too old')
  })

  test('since the target does not know the version of its state, leaves it where it is', async () => {
    await withLot({ nodeOf: (name) => (name === 'n1' ? {} : { behaviours: [OldLot] }) })
    if (home() !== 'n1') await move('n1')
    await box.clock.advance(100)
    box.noted.length = 0
    await stays('refused', 'expected a state of version 2, got 3')
  })

  test('since no other node has its behaviour, is not begun', async () => {
    await withLot({ nodeOf: (name) => (name === 'n1' ? {} : { behaviours: [NoLot] }) })
    expect(await move('n2')).toEqual({ ok: false, outcome: 'no_such_node' })
    expect(outcomes()).toEqual([])
  })

  test('since a callback does not end, leaves it where it is; what was sent meanwhile comes when it has', async () => {
    await withLot()
    const { promise, resolve } = Promise.withResolvers<void>()
    hanging = promise
    const [from, to] = [home(), others()[0] as string]
    box.node(from).cast(Lot.named('moon'), 'hang')
    await box.clock.advance(50)
    const start = box.clock.now()
    expect(await move(to)).toEqual({ ok: false, outcome: 'resumed' })
    expect(box.clock.now() - start).toBeGreaterThanOrEqual(12_000)
    expect(outcomes()).toEqual([['resumed', 'the message that it was handling did not end in time']])
    const asked = box.node(to).call(Lot.named('moon'), 'bid', 5)
    await box.clock.advance(100)
    // Given up, and begun once more: nothing of the first try is left that could let it go on in the midst of the second.
    const again = move(to)
    await box.clock.advance(100)
    resolve()
    expect(await again).toEqual({ ok: true, outcome: 'completed' })
    expect(await box.through(asked)).toBe(1)
    expect(await bids(from)).toEqual([5])
    expect(begun).toHaveLength(1)
  })

  test('since its state is too large, leaves it where it is', async () => {
    await withLot({ node: { ...node, supervisor: { name: 'lots', handoff: { maxStateBytes: 10 } } } })
    await stays('resumed', 'over the limit of 10')
  })

  test('since the target dies before it is ready, leaves it where it is', async () => {
    await withLot()
    const to = others()[0] as string
    onLoad = () => box.crash(to)
    const from = home()
    await box.through(box.node('n1').call(Lot.named('moon'), 'bid', 5)).catch(() => undefined)
    const by = names.find((name) => name !== to) as string
    expect(await move(to, by)).toEqual({ ok: false, outcome: 'resumed' })
    expect(box.node(by).registry.lookup('moon')?.node.split('.')[0]).toBe(from)
    expect(await bids(by)).toEqual([5])
  })

  test('since the target is cut off, leaves it where it is after three seconds', async () => {
    await withLot()
    const [from, to] = [home(), others()[0] as string]
    box.network.cut(from, to, { hold: true })
    const start = box.clock.now()
    const moved = box.node(from).supervisor.moveChild('moon', to)
    expect(await box.through(moved)).toEqual({ ok: false, outcome: 'resumed' })
    expect(box.clock.now() - start).toBeLessThan(5000)
    box.network.heal()
    await box.clock.advance(20_000)
    expect(home()).toBe(from)
    expect(box.violations('lot')).toEqual([])
  })

  test('since its source dies, goes on nowhere with its state, and begins anew', async () => {
    await withLot()
    const [from, to] = [home(), others()[0] as string]
    onLoad = () => box.crash(from)
    const by = others()[1] as string
    void box.node(by).supervisor.moveChild('moon', to)
    await box.clock.until(() => !box.isLive(from), 5000)
    await box.clock.advance(20_000)
    expect(box.violations('lot')).toEqual([])
    expect(begun).toHaveLength(2)
    expect([outcomes(), box.events('handoff.received')]).toEqual([[], []])
    expect(box.events('child.taken_over').filter(({ by: taker }) => taker !== from)).toMatchObject([{ name: 'moon', outcome: 'started' }])
  })

  test('since the target dies when it was told to go on, leaves it where it is, above what the target may have claimed', async () => {
    await withLot({ delayMs: 20 })
    const [from, to] = [home(), others()[0] as string]
    let isReady = false
    onLoad = () => {
      isReady = true
    }
    await box.through(box.node(from).call(Lot.named('moon'), 'bid', 5))
    const moved = box.node(from).supervisor.moveChild('moon', to)
    await box.clock.until(() => isReady, 5000, 1)
    await box.clock.advance(21)
    for (const peer of names) if (peer !== to) box.network.cut(to, peer, { oneWay: true })
    await box.clock.advance(30)
    box.crash(to)
    expect(await box.through(moved)).toEqual({ ok: false, outcome: 'resumed' })
    expect(outcomes()).toEqual([['resumed', 'the other node is gone']])
    expect(box.node(from).parts.directory.get('moon')).toMatchObject({ epoch: 3, owner: box.node(from).id })
    expect(await box.through(box.node(from).call(Lot.named('moon'), 'look'))).toEqual([5])
  })

  test.for([true, false])(
    'since the target stands still, leaves it where it is; the late commit wins nothing (reads first: %s)',
    async (readsFirst) => {
      await withLot({ delayMs: 20, times: { tickMs: 1000, suspectMs: 2000, downMs: 5000, forgetMs: 3600_000, forgetGoneMs: 600_000 } })
      const [from, to] = [home(), others()[0] as string]
      let isReady = false
      onLoad = () => {
        isReady = true
      }
      await box.through(box.node(from).call(Lot.named('moon'), 'bid', 5))
      const moved = box.node(from).supervisor.moveChild('moon', to)
      await box.clock.until(() => isReady, 5000, 1)
      await box.clock.advance(5)
      box.pause(to)
      expect(await box.through(moved)).toEqual({ ok: false, outcome: 'resumed' })
      expect(await box.through(box.node(from).call(Lot.named('moon'), 'bid', 6))).toBe(2)
      await box.clock.advance(2000)
      box.resume(to, { readsFirst })
      await box.clock.advance(20_000)
      expect(home()).toBe(from)
      expect(box.violations('lot')).toEqual([])
      for (const name of names) expect(await bids(name)).toEqual([5, 6])
      expect(outcomes()).toHaveLength(1)
    },
  )

  test('since it is ended meanwhile, ends it', async () => {
    await withLot()
    const [from, to] = [home(), others()[0] as string]
    let ended: Promise<boolean> | undefined
    onLoad = () => {
      ended = box.node(from).supervisor.terminateChild('moon')
    }
    expect(await move(to)).toEqual({ ok: false, outcome: 'stopped' })
    expect(await box.through(ended as Promise<boolean>)).toBe(true)
    await box.clock.advance(5000)
    expect(box.node('n2').registry.count()).toBe(0)
    expect(box.violations('lot')).toEqual([])
  })

  test('since the process crashes meanwhile, leaves it to its supervisor', async () => {
    await withLot()
    const [from, to] = [home(), others()[0] as string]
    const pid = box.node('n1').registry.lookup('moon')
    onLoad = () => {
      if (pid !== undefined) box.node(from).runtime.exit(pid, pid, 'kill')
    }
    expect(await move(to)).toEqual({ ok: false, outcome: 'stopped' })
    await box.clock.advance(5000)
    expect(home()).toBe(from)
    expect(box.violations('lot')).toEqual([])
    expect(begun).toHaveLength(2)
  })
})

test('a peer that sends what is none of the protocol is refused, and what moves stays', async () => {
  await withLot({ note: ['cluster.frame_refused', 'handoff.ended'] })
  const [from, to] = [home(), others()[0] as string]
  const [source, target] = [box.node(from), box.node(to)]
  for (const frame of [
    ['prep', 'x/1', ['n1.a', []], 0, 10, null],
    ['piece', 'x/1', 'text'],
    ['got', 'x/1', -1],
    ['refuse', 'x/1', 7],
    ['active', 'x/1', 'record'],
    ['fence', 1, 'serial', 'n1.a'],
  ] as const) {
    const before = box.events('cluster.frame_refused').length
    source.cluster.send(target.id, frame)
    await box.clock.until(() => box.events('cluster.frame_refused').length > before, 1000)
    await box.clock.until(() => source.cluster.isLinked(target.id) && target.cluster.isLinked(source.id), 10_000)
  }
  await box.clock.advance(2000)
  expect(await move(to)).toEqual({ ok: true, outcome: 'completed' })
})

test('a move that cannot be begun says why', async () => {
  await withLot()
  const { supervisor } = box.node('n1')
  expect(await box.through(supervisor.moveChild('sun', 'n2'))).toEqual({ ok: false, outcome: 'not_found' })
  expect(await move('n9')).toEqual({ ok: false, outcome: 'no_such_node' })
  expect(await move(home())).toEqual({ ok: true, outcome: 'already_there' })
})

describe('a node that leaves', () => {
  const many = Array.from({ length: 30 }, (_, i) => `lot-${i}`)

  test('hands over all that moves, with what was said to it, and nobody misses a call meanwhile', { timeout: 60_000 }, async () => {
    await withLot({ delayMs: [1, 10] })
    await box.through(Promise.all(many.map((id) => box.node('n1').supervisor.startChild({ id, start: [Lot, id] }))))
    for (const id of many) box.node('n1').cast(Lot.named(id), 'note', 1)
    await box.clock.advance(200)
    const leaves = home()
    const caller = box.node(others()[0] as string)
    const owned = [...many, 'moon'].filter((id) => caller.registry.lookup(id)?.node.startsWith(leaves))
    const failures: unknown[] = []
    let [made, answered] = [0, 0]
    const stopped = box.stop(leaves)
    for (let round = 0; round < 40; round++) {
      for (const id of owned) {
        made++
        caller.call(Lot.named(id), 'bid', round + 2).then(
          () => answered++,
          (error: unknown) => failures.push(error),
        )
      }
      await box.clock.advance(20)
    }
    await stopped
    await box.clock.advance(2000)
    expect(failures).toEqual([])
    expect(answered).toBe(made)
    expect(box.events('handoff.ended').map(({ by, reason, outcome }) => [by, reason, outcome])).toEqual(
      owned.map(() => [leaves, 'drain', 'completed']),
    )
    expect(box.violations('lot')).toEqual([])
    expect(begun).toHaveLength(31)
    for (const id of owned) {
      const bid = await box.through(caller.call(Lot.named(id), 'look'))
      expect(bid).toEqual(id === 'moon' ? bid : [1, ...bid.slice(1)])
      expect(bid.slice(-40)).toEqual(Array.from({ length: 40 }, (_, round) => round + 2))
    }
  })

  test('does not go before what it has passed on has arrived', async () => {
    await withLot({ delayMs: 20 })
    const [from, to, by] = [home(), ...others()] as [string, string, string]
    box.leave(from)
    await box.clock.until(() => box.events('handoff.received').length === 1, 5000, 1)
    await box.clock.advance(19)
    box.node(by).cast(Lot.named('moon'), 'note', 1)
    await box.clock.until(() => box.events('handoff.ended').length === 1, 1000, 1)
    box.network.cut(from, to, { oneWay: true, hold: true })
    await box.clock.advance(2500)
    expect(box.isLive(from)).toBe(true)
    box.network.heal()
    await box.clock.advance(1000)
    expect(box.isLive(from)).toBe(false)
    expect(await bids(by)).toEqual([1])
    expect(box.events('process.dead_letter')).toEqual([])
  })

  test('goes to the next candidate if one refuses, and stops what nobody takes', async () => {
    await withLot()
    const leaves = home()
    let refusals = 0
    onLoad = () => {
      refusals++
      throw new Error('not here')
    }
    await box.stop(leaves)
    expect(refusals).toBe(2)
    expect(
      box
        .events('handoff.ended')
        .map(({ to, outcome }) => `${to.split('.')[0]} ${outcome}`)
        .sort(),
    ).toEqual(names.filter((name) => name !== leaves).map((name) => `${name} refused`))
    await box.clock.advance(5000)
    expect(box.violations('lot')).toEqual([])
    expect(begun).toHaveLength(2)
  })

  test('does not wait for the next beat to hear that all know where its children are', async () => {
    await withLot()
    // Far from the beat that was, and from the one that comes.
    await box.clock.advance(250)
    const before = box.clock.now()
    await box.stop(home())
    expect(box.events('handoff.ended')).toMatchObject([{ outcome: 'completed' }])
    expect(box.clock.now() - before).toBeLessThan(200)
  })

  test('alone has nobody to hand over to, and goes at once', async () => {
    box = await Box.formed({ names: ['n1'], node })
    await box.through(box.node('n1').supervisor.startChild({ id: 'moon', start: [Lot, 'Moon rock'] }))
    const before = box.clock.now()
    await box.stop('n1')
    expect(box.clock.now() - before).toBeLessThan(1000)
  })
})
