// Ours: starting children of the cluster, what they weigh on each node, and how long those of a killed node are away.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Figures } from '#bench/support/bench.ts'
import { runMeasure } from '#bench/support/program.ts'
import { type Member, withMembers } from './members.ts'

const MEMBERS = 3
const WARMING_UP = 2000
const CALLERS = 50
const WEIGHED = 9999
const LASTING_MS = 1500

/** Starts children from the first member and answers how many a second. */
async function rate(members: readonly Member[], prefix: string, count: number, callers: number): Promise<number> {
  const { ms } = await (members[0] as Member).ask('startChildren', prefix, count, callers)
  return (count / ms) * 1000
}

const heaps = (members: readonly Member[]) => Promise.all(members.map(async (member) => (await member.ask('heap')).bytes))

/** Starts children and waits until every member knows them; `before` were there. */
async function startAll(members: readonly Member[], prefix: string, count: number, before = 0): Promise<void> {
  await (members[0] as Member).ask('startChildren', prefix, count, CALLERS)
  await Promise.all(members.map((member) => member.ask('knows', before + count)))
}

/** The third of three nodes is killed while so many children live on all of them. */
function takeover(names: number): Promise<Figures> {
  return withMembers(MEMBERS, async (members) => {
    await startAll(members, 'child', names)
    // A link that does not last is redialled with back-off; that of a cluster which has been up for a while is redialled at once.
    await sleep(LASTING_MS)
    const victim = members.at(-1) as Member
    const survivors = members.slice(0, -1)
    const waiting = survivors.map((member) => member.ask('tookOver', victim.id))
    // They have made their lists when they answer something that was asked later.
    await Promise.all(survivors.map((member) => member.ask('children')))
    victim.kill()
    const seen = await Promise.all(waiting)
    const closedAt = Math.min(...seen.map((each) => each.closedAt))
    const running = (await Promise.all(survivors.map((member) => member.ask('children'))))
      .flatMap(({ ids }) => ids)
      .filter((id) => id.startsWith('child-'))
    const distinct = new Set(running).size
    return {
      ms: Math.max(...seen.map((each) => each.liveAt)) - closedAt,
      downMs: Math.max(...seen.map((each) => each.downAt)) - closedAt,
      lost: names - distinct,
      duplicates: running.length - distinct,
    }
  })
}

await runMeasure({
  start: () =>
    withMembers(MEMBERS, async (members) => {
      await rate(members, 'warm', WARMING_UP, 1)
      const one = { 'one-1k': await rate(members, 'a', 1000, 1), 'one-10k': await rate(members, 'b', 10_000, 1) }
      await rate(members, 'warm-50', WARMING_UP, CALLERS)
      return { ...one, 'many-1k': await rate(members, 'c', 1000, CALLERS), 'many-10k': await rate(members, 'd', 10_000, CALLERS) }
    }),

  bytes: () =>
    withMembers(MEMBERS, async (members) => {
      await startAll(members, 'warm', WARMING_UP)
      const before = await heaps(members)
      await startAll(members, 'child', WEIGHED, WARMING_UP)
      const after = await heaps(members)
      return { bytes: Math.max(...after.map((bytes, i) => bytes - (before[i] as number))) / WEIGHED }
    }),

  'takeover-1k': () => takeover(1000),
  'takeover-10k': () => takeover(10_000),
})
