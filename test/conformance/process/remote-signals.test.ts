// Signals between processes of two nodes: what holds on one node holds here, and a lost connection is noconnection.
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { Crash, type ExitError, type ExitMessage, NodeRef, type Process, type ReplyTo } from '#process'
import { body, noting } from '#test/process/support/lab.ts'
import { far, Pair } from './support/pair.ts'

let pair: Pair
afterEach(() => pair.stop())

/** A process here that notes what it hears, and one there. */
async function two(trapExit = true, delayMs?: readonly [number, number]) {
  pair = await Pair.formed(delayMs === undefined ? {} : { delayMs })
  const heard: string[] = []
  const heardThere: string[] = []
  return { heard, heardThere, one: pair.spawn(pair.here, noting(heard, trapExit)), other: pair.spawn(pair.there, noting(heardThere)) }
}

describe('signals from one process to another arrive in the order in which they were sent', () => {
  test('messages, casts, exit signals and the end', async () => {
    const { heard, one, other } = await two(true, [1, 20])
    one.linkTo(far(other))
    one.monitor(far(other))
    await pair.arrive()
    for (let i = 0; i < 50; i++) {
      if (i % 3 === 0) other.exit(far(one), `${i}`)
      else if (i % 3 === 1) other.send(far(one), `${i}`)
      else other.cast(far(one), `${i}`)
    }
    other.die('oops')
    await pair.arrive()
    expect(heard.slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, i) => (i % 3 === 0 ? `EXIT ${i}` : `${i}`)))
    expect(heard.slice(50).sort()).toEqual(['DOWN oops', 'EXIT oops'])
  })
})

describe('an exit signal', () => {
  test('ends a process of another node that does not trap exits', async () => {
    const { one, other } = await two()
    one.exit(far(other), 'oops')
    await pair.arrive()
    expect(other.endedWith).toBe('oops')
  })

  test('says who sent it', async () => {
    const { other } = await two()
    const exits: ExitMessage[] = []
    const one = pair.spawn(
      pair.here,
      body((_self, { payload }) => void exits.push(payload as ExitMessage)),
    )
    one.trapExit = true
    other.exit(far(one), 'oops')
    await pair.arrive()
    expect(exits.map(({ from, reason }) => [String(from), reason])).toEqual([[String(other.pid), 'oops']])
  })

  test('with the reason normal is ignored, and with kill cannot be trapped', async () => {
    const { heard, one, other } = await two(false)
    other.exit(far(one), 'normal')
    await pair.arrive()
    expect([one.isAlive, heard]).toEqual([true, []])
    one.trapExit = true
    other.exit(far(one), 'kill')
    await pair.arrive()
    expect(one.endedWith).toBe('killed')
  })

  test('to a process that is no more, or over a connection that is not there, does nothing', async () => {
    const { one, other } = await two()
    const gone = far(other)
    other.die('shutdown')
    one.exit(gone, 'oops')
    await pair.arrive()
    pair.box.crash('n2')
    await pair.box.clock.until(() => !pair.here.cluster.isLinked(gone.node))
    one.exit(gone, 'oops')
    expect(one.isAlive).toBe(true)
  })

  test('with a reason that is too large for any frame is told in short, and the link stays', async () => {
    const { one, other } = await two()
    const linked = pair.spawn(pair.here, body())
    linked.linkTo(far(other))
    await pair.arrive()
    other.die('x'.repeat(17 * 1024 * 1024))
    await pair.arrive()
    expect(linked.endedWith).toBe('x'.repeat(1000))
    expect(pair.here.cluster.isLinked(other.pid.node)).toBe(true)
    expect(one.isAlive).toBe(true)
  })
})

test('an uncaught error arrives with its name, its message, its stack and its code', async () => {
  const { one } = await two(false)
  const error = Object.assign(new RangeError('far'), { code: 'ERR_FAR' })
  const crashes = pair.spawn(
    pair.there,
    body(() => {
      throw error
    }),
  )
  one.linkTo(far(crashes))
  await pair.arrive()
  const failed = await pair.box.through(one.runtime.call(far(crashes), 'run', undefined).catch((thrown: unknown) => thrown))
  await pair.arrive()
  for (const reason of [(failed as ExitError).reason, one.endedWith]) {
    expect(reason).toBeInstanceOf(Crash)
    const { error: came } = reason as Crash
    expect(came).toBeInstanceOf(Error)
    expect([came.name, came.message, came.stack, (came as typeof error).code]).toEqual(['RangeError', 'far', error.stack, 'ERR_FAR'])
  }
})

describe('a link', () => {
  test('works both ways, whoever set it up', async () => {
    for (const first of ['one', 'other'] as const) {
      const both = await two(false)
      both.one.linkTo(far(both.other))
      await pair.arrive()
      expect([both.one.linkCount, both.other.linkCount]).toEqual([1, 1])
      both[first].die('oops')
      await pair.arrive()
      expect([both.one.endedWith, both.other.endedWith]).toEqual(['oops', 'oops'])
      await pair.stop()
    }
  })

  test('is one link, also if both ends set it up at once', async () => {
    const { heard, one, other } = await two()
    one.linkTo(far(other))
    other.linkTo(far(one))
    one.linkTo(far(other))
    await pair.arrive()
    expect([one.linkCount, other.linkCount]).toEqual([1, 1])
    other.die('oops')
    await pair.arrive()
    expect([heard, one.linkCount]).toEqual([['EXIT oops'], 0])
  })

  test('to a process that does not exist is the exit signal noproc', async () => {
    const { heard, one, other } = await two()
    other.die('shutdown')
    one.linkTo(far(other))
    await pair.arrive()
    expect([heard, one.linkCount]).toEqual([['EXIT noproc'], 0])
  })

  test('over a connection that is lost is the exit signal noconnection, at both ends', async () => {
    const { heard, one, other } = await two()
    one.linkTo(far(other))
    await pair.arrive()
    pair.box.network.cut('n1', 'n2')
    const linked = () => pair.here.cluster.isLinked(pair.there.id) || pair.there.cluster.isLinked(pair.here.id)
    await pair.box.clock.until(() => !linked())
    expect(heard).toEqual(['EXIT noconnection'])
    expect(other.endedWith).toBe('noconnection')
  })

  test('to a node that cannot be reached is the exit signal noconnection', async () => {
    const { heard, one, other } = await two()
    const gone = far(other)
    pair.box.crash('n2')
    await pair.box.clock.until(() => !pair.here.cluster.isLinked(gone.node))
    one.linkTo(gone)
    await pair.arrive()
    expect([heard, one.linkCount]).toEqual([['EXIT noconnection'], 0])
  })
})

describe('after unlink has returned', () => {
  test('no exit comes along the link, at either end', async () => {
    const { heard, one, other } = await two()
    one.linkTo(far(other))
    await pair.arrive()
    one.unlinkFrom(far(other))
    await pair.arrive()
    expect([one.linkCount, other.linkCount]).toEqual([0, 0])
    other.die('oops')
    await pair.arrive()
    expect(heard).toEqual([])
  })

  test('no exit comes that was on its way already', async () => {
    const { heard, one, other } = await two()
    one.linkTo(far(other))
    await pair.arrive()
    other.die('oops')
    one.unlinkFrom(far(other))
    await pair.arrive()
    expect(heard).toEqual([])
  })

  test('the link may be made again while the news of its end is still on the way', async () => {
    const { heard, one, other } = await two()
    one.linkTo(far(other))
    await pair.arrive()
    other.unlinkFrom(far(one))
    one.unlinkFrom(far(other))
    one.linkTo(far(other))
    await pair.arrive()
    expect([one.linkCount, other.linkCount]).toEqual([1, 1])
    other.die('oops')
    await pair.arrive()
    expect(heard).toEqual(['EXIT oops'])
  })

  test('however links are made and cut at both ends, both agree when all is quiet, and no link has two ends (property)', async () => {
    const { one, other } = await two(true, [1, 30])
    const steps = fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.nat(20)), { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(steps, async (schedule) => {
        for (const [isOne, isLink, ms] of schedule) {
          const [mine, theirs] = isOne ? [one, far(other)] : [other, far(one)]
          if (isLink) mine.linkTo(theirs)
          else mine.unlinkFrom(theirs)
          await pair.box.clock.advance(ms)
        }
        await pair.arrive()
        expect(one.linkCount).toBe(other.linkCount)
        expect(one.linkCount).toBeLessThanOrEqual(1)
      }),
      { numRuns: 60 },
    )
  })

  test('and also where the connection is cut and comes back meanwhile (property)', async () => {
    const { one, other } = await two(true, [1, 30])
    const process = pair.spawn(pair.there, noting([], true))
    const step = fc.constantFrom('link', 'unlink', 'cut', 'heal')
    const steps = fc.array(fc.tuple(fc.boolean(), step, fc.nat(3000)), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(steps, async (schedule) => {
        for (const [isOne, what, ms] of schedule) {
          const [mine, theirs] = isOne ? [one, far(process)] : [process, far(one)]
          if (what === 'link') mine.linkTo(theirs)
          else if (what === 'unlink') mine.unlinkFrom(theirs)
          else if (what === 'cut') pair.box.network.cut('n1', 'n2', { oneWay: isOne })
          else pair.box.network.heal()
          await pair.box.clock.advance(ms)
        }
        pair.box.network.heal()
        await pair.box.clock.advance(30_000)
        expect(pair.here.cluster.isLinked(other.pid.node)).toBe(true)
        expect(one.linkCount).toBe(process.linkCount)
      }),
      { numRuns: 30 },
    )
  })
})

describe('a monitor', () => {
  test('hears why a process of another node ended, once, and may be seen there', async () => {
    const { heard, one, other } = await two()
    one.monitor(far(other))
    await pair.arrive()
    expect(other.monitoringPids().map(String)).toEqual([String(one.pid)])
    other.die('oops')
    await pair.arrive()
    pair.box.crash('n2')
    await pair.box.clock.advance(20_000)
    expect(heard).toEqual(['DOWN oops'])
  })

  test('by a name of another node hears of whoever has it, and names the name', async () => {
    const { one, other } = await two()
    other.register('clerk')
    const downs: unknown[] = []
    const watcher = pair.spawn(
      pair.here,
      body((_self, { payload }) => void downs.push(payload)),
    )
    const clerk = new NodeRef(pair.there.id, 'clerk')
    const ref = watcher.monitor(clerk)
    const none = watcher.monitor(new NodeRef(pair.there.id, 'nobody'))
    const given = watcher.monitor(clerk)
    await pair.arrive()
    expect(other.monitoredByCount).toBe(2)
    expect(watcher.demonitor(given)).toBe(true)
    await pair.arrive()
    other.die('oops')
    await pair.arrive()
    expect(downs).toEqual([
      { ref: none, pid: undefined, name: new NodeRef(pair.there.id, 'nobody'), reason: 'noproc' },
      { ref, pid: undefined, name: clerk, reason: 'oops' },
    ])
    expect(one.isAlive).toBe(true)
  })

  test('of a process that does not exist hears noproc', async () => {
    const { heard, one, other } = await two()
    other.die('shutdown')
    one.monitor(far(other))
    await pair.arrive()
    expect(heard).toEqual(['DOWN noproc'])
  })

  test('hears noconnection when the connection is lost, also if the process lives', async () => {
    const { heard, one, other } = await two()
    one.monitor(far(other))
    await pair.arrive()
    pair.box.network.cut('n1', 'n2')
    await pair.box.clock.until(() => heard.length > 0)
    expect([heard, other.isAlive]).toEqual([['DOWN noconnection'], true])
  })

  test('that is turned off hears nothing, though the news of the end was on its way', async () => {
    const { heard, one, other } = await two()
    const ref = one.monitor(far(other))
    await pair.arrive()
    other.die('oops')
    one.demonitor(ref)
    await pair.arrive()
    expect(heard).toEqual([])
  })

  test('whose watcher ends is given up on the other node, too', async () => {
    const { one, other } = await two()
    one.monitor(far(other))
    await pair.arrive()
    expect(other.monitoredByCount).toBe(1)
    one.die('shutdown')
    await pair.arrive()
    expect(other.monitoredByCount).toBe(0)
  })
})

describe('a call', () => {
  const keeping = (taken: ReplyTo[]) => body((_self: Process, { replyTo }) => void taken.push(replyTo as ReplyTo))

  test('that has timed out is over: its late answer is dropped, and never reaches a later call', async () => {
    const { one } = await two()
    const taken: ReplyTo[] = []
    const callee = pair.spawn(pair.there, keeping(taken))
    const first = one.call(far(callee), 'look', undefined, { timeoutMs: 100 }).catch(({ reason }: ExitError) => reason)
    expect(await pair.box.through(first)).toBe('timeout')
    const second = one.call(far(callee), 'look')
    await pair.arrive()
    taken[0]?.reply('of the first')
    await pair.arrive()
    taken[1]?.reply('of the second')
    expect(await pair.box.through(second)).toBe('of the second')
    expect(pair.box.events('process.dead_letter')).toEqual([])
  })

  test('that was under way when the connection was lost is over, and its answer never reaches a later call', async () => {
    const { one } = await two()
    const taken: ReplyTo[] = []
    const callee = pair.spawn(pair.there, keeping(taken))
    const first = one.call(far(callee), 'look', undefined, { timeoutMs: Number.POSITIVE_INFINITY }).catch(({ reason }: ExitError) => reason)
    await pair.arrive()
    pair.box.network.cut('n1', 'n2')
    expect(await pair.box.through(first)).toBe('noconnection')
    pair.box.network.heal()
    await pair.box.clock.until(() => pair.here.cluster.isLinked(callee.pid.node) && pair.there.cluster.isLinked(one.pid.node))
    const second = one.call(far(callee), 'look')
    await pair.arrive()
    taken[0]?.reply('of the first')
    taken[1]?.reply('of the second')
    expect(await pair.box.through(second)).toBe('of the second')
  })

  test('to a full mailbox fails with overloaded', async () => {
    const { one } = await two()
    const callee = pair.spawn(
      pair.there,
      body(() => new Promise(() => undefined), { mailbox: { limit: 1, overflow: 'reject' } }),
    )
    const calls: Promise<unknown>[] = []
    for (let i = 0; i < 3; i++) {
      calls.push(one.call(far(callee), 'look', undefined, { timeoutMs: 1000 }).catch(({ reason }: ExitError) => reason))
      await pair.arrive()
    }
    expect(await pair.box.through(Promise.all(calls))).toEqual(['timeout', 'timeout', 'overloaded'])
  })
})
