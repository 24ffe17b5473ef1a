// What every arbiter owes, as tests: run over the model of the engine, and over real servers.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Arbiter, Claimant, ClaimOp, ClaimResult, Grant } from '#distributed'

/** One engine, empty, the nodes that use it, and time as it has it. */
export interface ArbiterWorld {
  readonly leaseMs: number
  /** Of a node that has not started yet. */
  arbiter(node: string): Arbiter
  /** Waits for an answer, turning the clock if it is a fake one. */
  through<T>(pending: Promise<T>): Promise<T>
  pass(ms: number): Promise<void>
  until(condition: () => boolean, limitMs: number): Promise<void>
  /** From now on the engine answers this node no more, as if it were gone; and again. */
  cut(node: string): void
  mend(node: string): void
  close(): Promise<void> | void
}

export type ArbiterSentence = (typeof sentences)[number]

const sentences = [
  'has a name for labels',
  'may own nothing before it has a lease',
  'grants a free name, with a token above that of every grant before',
  'refuses a name that another node holds, and says which',
  'grants a name to one of many that claim it at once',
  'gives a name that was released, at once',
  'does not release what was granted anew meanwhile',
  'takes no birth over that has ended, and lets a later one begin',
  'takes no birth over that was followed by another',
  'raises a new birth above all that there were',
  'gives the names of a node at once that has given its lease back',
  'leaves a node its names for as long as it renews, whatever others think of it',
  'gives the names of a node that is gone when its lease is over, and no sooner',
  'hands a name over if its owner agrees, from the epoch to which it agreed',
  'lets an owner take back what it was about to give away, and no handoff after that',
  'lets an owner take back what the other node made nothing of, but not what it may have made something of',
  'lets nothing be handled past the lease, and nothing be owned for some time before',
  'gets another lease, and claims anew, when the engine is back',
  'tells when it may own names, and when another may not any more',
] as const

/** `waived`: sentences that an arbiter does not keep, each with the reason. */
export function arbiterContract(
  name: string,
  create: () => Promise<ArbiterWorld> | ArbiterWorld,
  waived: Partial<Record<ArbiterSentence, string>> = {},
): void {
  describe(`the arbiter ${name}`, () => {
    let world: ArbiterWorld
    let arbiters: Map<string, Arbiter>

    beforeEach(async () => {
      world = await create()
      arbiters = new Map()
    })

    afterEach(async () => {
      for (const arbiter of arbiters.values()) await world.through(arbiter.stop())
      await world.close()
    })

    const started = async (...nodes: string[]): Promise<Arbiter[]> => {
      const made = nodes.map((node) => {
        const arbiter = world.arbiter(node)
        arbiters.set(node, arbiter)
        return arbiter
      })
      await world.through(Promise.all(made.map((arbiter) => arbiter.start())))
      return made
    }
    const claim = (arbiter: Arbiter, op: ClaimOp, claimant: Partial<Claimant> = {}, key = 'lot-1'): Promise<ClaimResult> =>
      world.through(
        arbiter.claim(key, { gen: 1, founder: 'a.1', epoch: 0, owner: undefined, isNew: op === 'start', isAgreed: false, ...claimant }, op),
      )
    const granted = async (...request: Parameters<typeof claim>): Promise<Grant> => {
      const result = await claim(...request)
      if (!result.ok) throw new Error(`not granted: ${result.reason}`)
      return result
    }

    const bodies: Record<ArbiterSentence, () => Promise<void>> = {
      'has a name for labels': async () => {
        const [a] = await started('a.1')
        expect(a?.name).toMatch(/^[a-z]+$/)
      },

      'may own nothing before it has a lease': async () => {
        const arbiter = world.arbiter('a.1')
        arbiters.set('a.1', arbiter)
        expect(arbiter.mayOwn).toBe(false)
        expect(arbiter.status).toMatchObject({ state: 'lost' })
        expect(await claim(arbiter, 'start')).toEqual({ ok: false, reason: 'unavailable' })
        await world.through(arbiter.start())
        expect(arbiter.mayOwn).toBe(true)
        expect(arbiter.status).toMatchObject({ state: 'held', why: undefined })
        expect(arbiter.status.ageMs).toBeLessThan(arbiter.status.limitMs)
        expect(arbiter.status.limitMs).toBeLessThan(world.leaseMs)
      },

      'grants a free name, with a token above that of every grant before': async () => {
        const [a, b] = (await started('a.1', 'b.1')) as [Arbiter, Arbiter]
        const first = await granted(a, 'start')
        const second = await granted(b, 'start', { founder: 'b.1' }, 'lot-2')
        expect(first).toMatchObject({ gen: 1, lease: { mayOwn: true } })
        expect(first.lease.mayHandle()).toBe(true)
        expect(second.epoch).toBeGreaterThan(first.epoch)
        const again = await granted(a, 'takeover', { epoch: first.epoch, owner: 'a.1' })
        expect(again.epoch).toBeGreaterThan(second.epoch)
      },

      'refuses a name that another node holds, and says which': async () => {
        const [a, b] = (await started('a.1', 'b.1')) as [Arbiter, Arbiter]
        const { epoch } = await granted(a, 'start')
        const held = { ok: false, reason: 'held', by: 'a.1' }
        expect(await claim(b, 'start')).toEqual(held)
        expect(await claim(b, 'takeover', { epoch, owner: 'a.1' })).toEqual(held)
        expect(await claim(b, 'handoff', { epoch: epoch + 1, owner: 'a.1', isAgreed: true })).toEqual(held)
      },

      'grants a name to one of many that claim it at once': async () => {
        const nodes = Array.from({ length: 8 }, (_, i) => `n${i}.1`)
        const all = await started(...nodes)
        const results = await world.through(
          Promise.all(
            all.map((arbiter, i) =>
              arbiter.claim(
                'lot-1',
                { gen: 1, founder: nodes[i] as string, epoch: 0, owner: undefined, isNew: true, isAgreed: false },
                'start',
              ),
            ),
          ),
        )
        const winner = results.findIndex(({ ok }) => ok)
        expect(results.filter(({ ok }) => ok)).toHaveLength(1)
        for (const [i, result] of results.entries()) {
          if (i !== winner) expect(result).toEqual({ ok: false, reason: 'held', by: nodes[winner] })
        }
      },

      'gives a name that was released, at once': async () => {
        const [a, b] = (await started('a.1', 'b.1')) as [Arbiter, Arbiter]
        const { epoch } = await granted(a, 'start')
        await world.through(a.release('lot-1', epoch, 'free'))
        expect((await granted(b, 'takeover', { epoch, owner: 'a.1' })).epoch).toBeGreaterThan(epoch)
      },

      'does not release what was granted anew meanwhile': async () => {
        const [a, b] = (await started('a.1', 'b.1')) as [Arbiter, Arbiter]
        const first = await granted(a, 'start')
        const again = await granted(a, 'reclaim', { epoch: first.epoch, owner: 'a.1', isAgreed: true })
        await world.through(a.release('lot-1', first.epoch, 'free'))
        expect(await claim(b, 'takeover', { epoch: first.epoch, owner: 'a.1' })).toMatchObject({ reason: 'held' })
        await world.through(a.release('lot-1', again.epoch, 'free'))
        expect(await claim(b, 'takeover', { epoch: first.epoch, owner: 'a.1' })).toMatchObject({ ok: true })
      },

      'takes no birth over that has ended, and lets a later one begin': async () => {
        const [a, b] = (await started('a.1', 'b.1')) as [Arbiter, Arbiter]
        const { epoch } = await granted(a, 'start')
        await world.through(a.release('lot-1', epoch, 'ended'))
        expect(await claim(b, 'takeover', { epoch, owner: 'a.1' })).toEqual({ ok: false, reason: 'ended' })
        expect(await granted(b, 'start', { gen: 2, founder: 'b.1' })).toMatchObject({ gen: 2 })
      },

      'takes no birth over that was followed by another': async () => {
        const [a, b] = (await started('a.1', 'b.1')) as [Arbiter, Arbiter]
        const { epoch } = await granted(a, 'start', { gen: 3 })
        await world.through(a.release('lot-1', epoch, 'free'))
        expect(await claim(b, 'takeover', { gen: 2 })).toEqual({ ok: false, reason: 'ended' })
        expect(await claim(b, 'takeover', { gen: 3, founder: 'c.1' })).toEqual({ ok: false, reason: 'ended' })
        expect(await claim(b, 'takeover', { gen: 3 })).toMatchObject({ ok: true, gen: 3 })
      },

      'raises a new birth above all that there were': async () => {
        const [a, b] = (await started('a.1', 'b.1')) as [Arbiter, Arbiter]
        const { epoch } = await granted(a, 'start', { gen: 7 })
        await world.through(a.release('lot-1', epoch, 'free'))
        expect(await granted(b, 'start', { gen: 1, founder: 'b.1' })).toMatchObject({ gen: 8 })
      },

      'gives the names of a node at once that has given its lease back': async () => {
        const [a, b] = (await started('a.1', 'b.1')) as [Arbiter, Arbiter]
        const first = await granted(a, 'start')
        await world.through(a.stop())
        expect(first.lease.mayHandle()).toBe(false)
        expect(b.mayStillRun('a.1')).toBe(true)
        await world.until(() => !b.mayStillRun('a.1'), world.leaseMs / 2)
        expect((await granted(b, 'takeover', { epoch: first.epoch, owner: 'a.1' })).epoch).toBeGreaterThan(first.epoch)
      },

      'leaves a node its names for as long as it renews, whatever others think of it': async () => {
        const [a, b] = (await started('a.1', 'b.1')) as [Arbiter, Arbiter]
        const { epoch, lease } = await granted(a, 'start')
        for (let i = 0; i < 6; i++) {
          expect(await claim(b, 'takeover', { epoch, owner: 'a.1' })).toMatchObject({ reason: 'held' })
          expect(b.mayStillRun('a.1')).toBe(true)
          await world.pass(world.leaseMs / 2)
          expect(lease.mayHandle()).toBe(true)
        }
      },

      'gives the names of a node that is gone when its lease is over, and no sooner': async () => {
        const [a, b] = (await started('a.1', 'b.1')) as [Arbiter, Arbiter]
        const { epoch, lease } = await granted(a, 'start')
        world.cut('a.1')
        for (;;) {
          const result = await claim(b, 'takeover', { epoch, owner: 'a.1' })
          if (result.ok) break
          expect(result).toMatchObject({ reason: 'held' })
          await world.pass(world.leaseMs / 20)
        }
        expect(lease.mayHandle()).toBe(false)
        world.mend('a.1')
      },

      'hands a name over if its owner agrees, from the epoch to which it agreed': async () => {
        const [a, b] = (await started('a.1', 'b.1')) as [Arbiter, Arbiter]
        const { epoch } = await granted(a, 'start')
        const moved = await granted(b, 'handoff', { epoch, owner: 'a.1', isAgreed: true })
        expect(moved.epoch).toBeGreaterThan(epoch)
        expect(await claim(a, 'reclaim', { epoch, owner: 'a.1', isAgreed: true })).toEqual({ ok: false, reason: 'held', by: 'b.1' })
      },

      'lets an owner take back what it was about to give away, and no handoff after that': async () => {
        const [a, b] = (await started('a.1', 'b.1')) as [Arbiter, Arbiter]
        const { epoch } = await granted(a, 'start')
        const back = await granted(a, 'reclaim', { epoch, owner: 'a.1', isAgreed: true })
        expect(back.epoch).toBeGreaterThan(epoch)
        expect(await claim(b, 'handoff', { epoch, owner: 'a.1', isAgreed: true })).toEqual({ ok: false, reason: 'held', by: 'a.1' })
      },

      'lets an owner take back what the other node made nothing of, but not what it may have made something of': async () => {
        const [a, b] = (await started('a.1', 'b.1')) as [Arbiter, Arbiter]
        const first = await granted(a, 'start')
        const unused = await granted(b, 'handoff', { epoch: first.epoch, owner: 'a.1', isAgreed: true })
        await world.through(b.release('lot-1', unused.epoch, 'unused'))
        const back = await granted(a, 'reclaim', { epoch: first.epoch, owner: 'a.1', isAgreed: true })
        const used = await granted(b, 'handoff', { epoch: back.epoch, owner: 'a.1', isAgreed: true })
        await world.through(b.release('lot-1', used.epoch, 'free'))
        expect(await claim(a, 'reclaim', { epoch: back.epoch, owner: 'a.1', isAgreed: true })).toMatchObject({ reason: 'held', by: '' })
        expect(await claim(a, 'takeover', { epoch: back.epoch })).toMatchObject({ ok: true })
      },

      'lets nothing be handled past the lease, and nothing be owned for some time before': async () => {
        const [a] = (await started('a.1')) as [Arbiter]
        const { lease } = await granted(a, 'start')
        world.cut('a.1')
        await world.until(() => a.status.state === 'degraded', world.leaseMs)
        expect(a.status.why).not.toBeUndefined()
        expect(lease.mayOwn).toBe(true)
        await world.until(() => !lease.mayOwn, world.leaseMs)
        expect(lease.mayHandle()).toBe(true)
        expect(a.status.state).toBe('lost')
        expect(await claim(a, 'start', {}, 'lot-2')).toEqual({ ok: false, reason: 'unavailable' })
        await world.until(() => !lease.mayHandle(), world.leaseMs)
        world.mend('a.1')
      },

      'gets another lease, and claims anew, when the engine is back': async () => {
        const [a] = (await started('a.1')) as [Arbiter]
        const { lease, epoch } = await granted(a, 'start')
        world.cut('a.1')
        await world.until(() => !a.mayOwn, 2 * world.leaseMs)
        world.mend('a.1')
        await world.until(() => a.mayOwn, 2 * world.leaseMs)
        expect(a.status.state).toBe('held')
        expect(lease.mayHandle()).toBe(false)
        const again = await granted(a, 'takeover', { epoch, owner: 'a.1' })
        expect(again.epoch).toBeGreaterThan(epoch)
        expect(again.lease.mayHandle()).toBe(true)
        // Under the lease that was lost nothing is ever handled again.
        expect(lease.mayHandle()).toBe(false)
      },

      'tells when it may own names, and when another may not any more': async () => {
        const [a, b] = (await started('a.1', 'b.1')) as [Arbiter, Arbiter]
        const told: string[] = []
        // Where time is real, b may be late with its own lease, and tells of that, too.
        const tell = (what: string): void => {
          if (told.findLast((each) => each[0] === what[0]) !== what) told.push(what)
        }
        a.onChange(() => tell(`a ${a.mayOwn}`))
        b.onChange(() => tell(`b ${b.mayStillRun('a.1')}`))
        expect(b.mayStillRun('a.1')).toBe(true)
        world.cut('a.1')
        await world.until(() => !b.mayStillRun('a.1'), 3 * world.leaseMs)
        world.mend('a.1')
        await world.until(() => a.mayOwn, 2 * world.leaseMs)
        expect(told.filter((each) => each !== 'b true')).toEqual(['a false', 'b false', 'a true'])
      },
    }

    test.for(sentences)('%s', async (sentence, { skip }) => {
      const reason = waived[sentence]
      if (reason !== undefined) skip(`waived: ${reason}`)
      await bodies[sentence]()
    })
  })
}
