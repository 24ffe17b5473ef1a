// Ours: names that processes register for themselves: how fast, when others see them, what they weigh, and how fast they are found.
import type { Figures } from '#bench/support/bench.ts'
import { quantile } from '#bench/support/median.ts'
import { runMeasure } from '#bench/support/program.ts'
import { type Member, withMembers } from './members.ts'

const MEMBERS = 3
const WARMING_UP = 2000
const VISIBLE = 500
const VISIBLE_EVERY_MS = 2
const WEIGHED = 20_000
const LOOKED_UP = 10_000
const GROWTH = [1000, 10_000, 100_000]

/** Registers names on the first member; answers how many a second, counted until every other member knows them all. */
async function register(members: readonly Member[], prefix: string, count: number): Promise<number> {
  const [first, ...others] = members as [Member, ...Member[]]
  const known = others.map((member) => member.ask('finds', `${prefix}-${count - 1}`))
  const { startedAt } = await first.ask('register', prefix, count)
  const last = Math.max(...(await Promise.all(known)).map(({ at }) => at))
  return (count / (last - startedAt)) * 1000
}

const heaps = (members: readonly Member[]) => Promise.all(members.map(async (member) => (await member.ask('heap')).bytes))

/** How long a third node needs, from its creation until it has merged what the others know. */
function join(names: number): Promise<Figures> {
  return withMembers(2, async (members, start) => {
    await register(members, 'name', names)
    return { ms: (await start('n3').started).ms }
  })
}

await runMeasure({
  register: () =>
    withMembers(MEMBERS, async (members) => {
      await register(members, 'warm', WARMING_UP)
      const figures: Record<string, number> = {}
      for (const count of GROWTH) {
        figures[`names-${count}`] = await register(members, `names${count}`, count)
      }
      return figures
    }),

  'join-1k': () => join(1000),
  'join-10k': () => join(10_000),
  'join-100k': () => join(100_000),

  visible: () =>
    withMembers(MEMBERS, async (members) => {
      const [first, , third] = members as [Member, Member, Member]
      const measure = async (prefix: string) => {
        const seen = third.ask('seen', prefix, VISIBLE)
        const { at: registered } = await first.ask('registerSlowly', prefix, VISIBLE, VISIBLE_EVERY_MS)
        return (await seen).at.map((at, i) => at - (registered[i] as number))
      }
      await measure('warm')
      const ms = await measure('name')
      return { p50: quantile(ms, 0.5), p99: quantile(ms, 0.99) }
    }),

  bytes: () =>
    withMembers(MEMBERS, async (members) => {
      await register(members, 'warm', WARMING_UP)
      const before = await heaps(members)
      await register(members, 'name', WEIGHED)
      const after = await heaps(members)
      const [owner = Number.NaN, ...others] = after.map((bytes, i) => (bytes - (before[i] as number)) / WEIGHED)
      return { owner, other: Math.max(...others) }
    }),

  lookup: () =>
    withMembers(MEMBERS, async (members) => {
      const [first] = members as [Member]
      await first.ask('startChildren', 'child', LOOKED_UP, 50)
      const own = await first.ask('lookup', 'child', LOOKED_UP, true)
      const other = await first.ask('lookup', 'child', LOOKED_UP, false)
      return { own: own.perSecond, other: other.perSecond }
    }),
})
