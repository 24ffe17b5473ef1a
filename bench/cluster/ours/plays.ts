// What is played with the children of a measured cluster: they are started, and those of a killed node are taken over.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Figures } from '#bench/support/bench.ts'
import { type ClusterOptions, type Member, withMembers } from './members.ts'

export const MEMBERS = 3
export const CALLERS = 50
const LASTING_MS = 1500

/** Starts children from the first member and answers how many a second. */
export async function rate(members: readonly Member[], prefix: string, count: number, callers: number): Promise<number> {
  const { ms } = await (members[0] as Member).ask('startChildren', prefix, count, callers)
  return (count / ms) * 1000
}

/** Starts children and waits until every member knows them; `before` were there. */
export async function startAll(members: readonly Member[], prefix: string, count: number, before = 0): Promise<void> {
  await (members[0] as Member).ask('startChildren', prefix, count, CALLERS)
  await Promise.all(members.map((member) => member.ask('knows', before + count)))
}

/** The third of three nodes is killed while so many children live on all of them. */
export function takeover(names: number, options: ClusterOptions = {}): Promise<Figures> {
  return withMembers(
    MEMBERS,
    async (members) => {
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
    },
    options,
  )
}
