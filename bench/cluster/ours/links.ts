// Ours: calls to another node, and what goes over the wire when nothing happens and when a name changes.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Figures } from '#bench/support/bench.ts'
import { runMeasure } from '#bench/support/program.ts'
import { type Member, withMembers } from './members.ts'

const MEMBERS = 3
const CALLS = 5000
const CALLS_AT_ONCE = 50_000
const CALLERS = 100
const QUIET_MS = 1000
const IDLE_MS = 4000
const CHANGES = 500

interface Wire {
  readonly bytesOut: number
  readonly links: number
  readonly at: number
}

const wires = (members: readonly Member[]): Promise<Wire[]> => Promise.all(members.map((member) => member.ask('wire')))
const sum = (wire: readonly Wire[], of: (each: Wire) => number): number => wire.reduce((total, each) => total + of(each), 0)

/** Round trips of one caller and of many. */
async function calls(members: readonly Member[]): Promise<Figures> {
  const [caller, callee] = members as [Member, Member]
  const { pid } = await callee.ask('startCounter')
  const one = await caller.ask('call', pid, CALLS, 1)
  const many = await caller.ask('call', pid, CALLS_AT_ONCE, CALLERS)
  return { one: one.perSecond, many: many.perSecond }
}

await runMeasure({
  call: () => withMembers(2, calls),
  'call-tls': () => withMembers(2, calls, true),

  wire: () =>
    withMembers(MEMBERS, async (members) => {
      const [first] = members as [Member]
      await sleep(QUIET_MS)
      const before = await wires(members)
      await sleep(IDLE_MS)
      const after = await wires(members)
      const seconds = ((after[0] as Wire).at - (before[0] as Wire).at) / 1000
      const directions = sum(after, ({ links }) => links)
      const idle = (sum(after, ({ bytesOut }) => bytesOut) - sum(before, ({ bytesOut }) => bytesOut)) / seconds
      await first.ask('registerSlowly', 'name', CHANGES, 1)
      const changed = await wires(members)
      const changing = sum(changed, ({ bytesOut }) => bytesOut) - sum(after, ({ bytesOut }) => bytesOut)
      const busySeconds = ((changed[0] as Wire).at - (after[0] as Wire).at) / 1000
      // Each change goes to every other member, and each of them acknowledges it.
      const change = (changing - idle * busySeconds) / CHANGES / (MEMBERS - 1)
      return { idle: idle / directions, hour: (idle * 3600) / 1e6, change }
    }),
})
