// The arbiter over the model of an engine: what every arbiter owes, and what it makes of an engine that goes wrong.
import { describe, expect, test } from 'vitest'
import { EventStream } from '#base'
import { type Arbiter, type Claimant, type DistributedEvents, type LeasedArbiterOptions, leasedArbiter } from '#distributed'
import { arbiterContract } from '#test/contract/arbiter.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { ModelEngine } from '#test/support/model-key-value.ts'

const LEASE_MS = 15_000

function world(options: LeasedArbiterOptions = {}) {
  const clock = new FakeClock()
  const engine = new ModelEngine({ clock })
  const events = new EventStream<DistributedEvents>()
  const told: string[] = []
  const arbiter = (id: string): Arbiter => leasedArbiter(engine.client(id), options)({ id, clock, events })
  const through = async <T>(pending: Promise<T>): Promise<T> => {
    let isSettled = false
    const settle = () => {
      isSettled = true
    }
    pending.then(settle, settle)
    await clock.until(() => isSettled, 600_000, 1)
    return pending
  }
  const started = async (id: string): Promise<Arbiter> => {
    const made = arbiter(id)
    await through(made.start())
    return made
  }
  return { clock, engine, events, told, arbiter, through, started }
}

arbiterContract('over the model', () => {
  const { clock, engine, arbiter, through } = world()
  return {
    leaseMs: LEASE_MS,
    arbiter,
    through,
    pass: (ms) => clock.advance(ms),
    until: (condition, limitMs) => clock.until(condition, limitMs),
    cut: (node) => engine.cut(node),
    mend: (node) => engine.mend(node),
    close: () => undefined,
  }
})

const born = { gen: 1, founder: 'a.1', epoch: 0, owner: undefined, isNew: true, isAgreed: false } satisfies Claimant

test('an arbiter has the name that it is given', async () => {
  const { started } = world({ name: 'engine' })
  expect((await started('a.1')).name).toBe('engine')
})

describe('a lease', () => {
  test('outlives an engine that has no leader for five seconds', async () => {
    const { clock, engine, started } = world()
    const a = await started('a.1')
    for (let at = 0; at < 3000; at += 250) {
      await clock.advance(20_000 + at)
      engine.stall(5000)
      await clock.advance(5000)
      expect(a.mayOwn).toBe(true)
    }
    await clock.advance(3000)
    expect(a.status.state).toBe('held')
  })

  test('is held on to where only answers are lost', async () => {
    const { clock, engine, started } = world()
    const a = await started('a.1')
    engine.answersLost = 0.5
    for (let i = 0; i < 200; i++) {
      await clock.advance(500)
      if (!a.mayOwn) break
    }
    engine.answersLost = 0
    await clock.until(() => a.status.state === 'held', LEASE_MS)
  })

  test('is not over because the engine forgets: it is kept without a time to live', async () => {
    const { clock, engine, started } = world()
    const a = await started('a.1')
    engine.jump(365 * 24 * 3600_000)
    await clock.advance(60_000)
    expect(a.status.state).toBe('held')
  })

  test('ends as soon as another node has ended it', async () => {
    const { clock, engine, events, through, started } = world()
    const a = await started('a.1')
    const lost: string[] = []
    events.subscribe('test', { 'arbiter.lease_lost': ({ cause }) => lost.push(cause) })
    const { revision } = engine.peek('session.a.1')
    await through(engine.client('x').put('session.a.1', Buffer.from('{"n":1,"dead":true}'), revision))
    await clock.until(() => lost.length > 0)
    expect(lost).toEqual(['refused'])
    await clock.until(() => a.mayOwn)
    expect(Buffer.from(engine.peek('session.a.1').value ?? '').toString()).toBe('{"n":2}')
  })

  test('is not given up for a read that lags behind', async () => {
    const { clock, engine, events, started } = world()
    const a = await started('a.1')
    const lost: string[] = []
    events.subscribe('test', { 'arbiter.lease_lost': ({ cause }) => lost.push(cause) })
    engine.staleReads = 1
    engine.answersLost = 0.2
    await clock.advance(120_000)
    engine.answersLost = 0
    expect(lost).not.toContain('refused')
    await clock.until(() => a.status.state === 'held')
  })

  test('that is not to be had is said so in time, with why', async () => {
    const { engine, arbiter, through } = world()
    engine.cut('a.1')
    await expect(through(arbiter('a.1').start())).rejects.toMatchObject({
      code: 'ERR_OTP_DISTRIBUTED_NO_LEASE',
      message: expect.stringMatching(/nobody answered .*within 2000 ms/),
    })
  })

  test('of times that cannot work is refused', () => {
    expect(() => world({ leaseMs: 500 }).arbiter('a.1')).toThrow('expected arbiter.leaseMs to be a number from 3000')
    expect(() => world({ marginMs: 14_000 }).arbiter('a.1')).toThrow('expected arbiter.marginMs to be less than half')
  })
})

describe('a lease of another node', () => {
  test('is not over for a jump of any clock', async () => {
    const { clock, engine, started } = world()
    await started('a.1')
    const b = await started('b.1')
    for (let i = 0; i < 20; i++) {
      expect(b.mayStillRun('a.1')).toBe(true)
      engine.jump(24 * 3600_000)
      clock.setWall(clock.wall() + (i % 2 === 0 ? 3600_000 : -7200_000))
      await clock.advance(5000)
    }
    expect(b.mayStillRun('a.1')).toBe(true)
  })

  test('is not over for reads that lag behind', async () => {
    const { clock, engine, started } = world()
    await started('a.1')
    const b = await started('b.1')
    engine.staleReads = 0.9
    for (let i = 0; i < 40; i++) {
      expect(b.mayStillRun('a.1')).toBe(true)
      await clock.advance(3000)
    }
  })

  test('is over when nothing is known of it at all, after a lease', async () => {
    const { clock, started } = world()
    const b = await started('b.1')
    expect(b.mayStillRun('ghost.1')).toBe(true)
    await clock.advance(LEASE_MS - 1000)
    expect(b.mayStillRun('ghost.1')).toBe(true)
    await clock.advance(3000)
    expect(b.mayStillRun('ghost.1')).toBe(false)
  })

  test('is proved to be over once, and told once', async () => {
    const { clock, engine, events, started } = world()
    await started('a.1')
    const b = await started('b.1')
    const ended: string[] = []
    events.subscribe('test', { 'arbiter.session_ended': ({ node }) => ended.push(node) })
    engine.cut('a.1')
    for (let i = 0; i < 40; i++) {
      b.mayStillRun('a.1')
      await clock.advance(1000)
    }
    expect(ended).toEqual(['a.1'])
  })
})

describe('a claim', () => {
  test('whose answer is lost is found again', async () => {
    const { clock, engine, through, started } = world()
    const a = await started('a.1')
    const pending = a.claim('lot-1', born, 'start')
    // What is there was read; what is written is not told.
    await clock.advance(2)
    engine.answersLost = 1
    await clock.advance(2)
    engine.answersLost = 0
    const { revision } = engine.peek('name.lot-1')
    expect(revision).toBeGreaterThan(0)
    expect(await through(pending)).toMatchObject({ ok: true, epoch: revision })
  })

  test('that nobody answers is unavailable, and what comes of it is given up', async () => {
    const { clock, engine, through, started } = world()
    const a = await started('a.1')
    const b = await started('b.1')
    const pending = a.claim('lot-1', born, 'start')
    // The request is on its way; the answers, and all that is asked afterwards, are lost.
    await clock.advance(1)
    engine.answersLost = 1
    expect(await through(pending)).toEqual({ ok: false, reason: 'unavailable' })
    engine.answersLost = 0
    expect(engine.peek('name.lot-1').value).not.toBeUndefined()
    await clock.until(() =>
      Buffer.from(engine.peek('name.lot-1').value ?? '')
        .toString()
        .includes('"node":""'),
    )
    expect(await through(b.claim('lot-1', { ...born, founder: 'b.1' }, 'start'))).toMatchObject({ ok: true })
  })

  test('is unavailable without a majority, and no claim is granted by what was refused', async () => {
    const { engine, through, started } = world()
    const a = await started('a.1')
    engine.hasQuorum = false
    expect(await through(a.claim('lot-1', born, 'start'))).toEqual({ ok: false, reason: 'unavailable' })
  })

  test('takes one write where the directory knows what the engine holds', async () => {
    const { clock, engine, through, started } = world()
    const a = await started('a.1')
    const b = await started('b.1')
    const first = await through(a.claim('lot-1', born, 'start'))
    await through(a.stop())
    b.mayStillRun('a.1')
    await clock.until(() => !b.mayStillRun('a.1'))
    engine.staleReads = 1
    const epoch = first.ok ? first.epoch : 0
    const startedMono = clock.now()
    expect(await through(b.claim('lot-1', { ...born, epoch, owner: 'a.1', isNew: false }, 'takeover'))).toMatchObject({ ok: true })
    expect(clock.now() - startedMono).toBeLessThanOrEqual(3)
  })

  test('of many names is made so many at a time, and a renewal does not wait behind it', async () => {
    const { clock, engine, through, started } = world()
    const a = await started('a.1')
    engine.stall(4000)
    const claims = Promise.all(Array.from({ length: 3000 }, (_, i) => a.claim(`lot-${i}`, born, 'start')))
    await clock.advance(8000)
    expect(a.status.state).toBe('held')
    const results = await through(claims)
    expect(results.filter(({ ok }) => ok).length).toBeGreaterThan(2000)
  })
})
