// Ours: starting children of the cluster, what they weigh on each node, and how long those of a killed node are away.
import { runMeasure } from '#bench/support/program.ts'
import { type Member, withMembers } from './members.ts'
import { CALLERS, MEMBERS, rate, startAll, takeover } from './plays.ts'

const WARMING_UP = 2000
const WEIGHED = 9999

const heaps = (members: readonly Member[]) => Promise.all(members.map(async (member) => (await member.ask('heap')).bytes))

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
