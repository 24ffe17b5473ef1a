// Ours: calls to another node, and what goes over the wire when nothing happens and when a name changes.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Figures } from '#bench/support/bench.ts'
import { median } from '#bench/support/median.ts'
import { runMeasure } from '#bench/support/program.ts'
import { type BareSocket, withBareSocket } from '../peers/socket.ts'
import { type Member, withMembers } from './members.ts'

const MEMBERS = 3
const CALLS = 5000
const CALLS_AT_ONCE = 50_000
const CALLERS = 100
const WARMING_UP = 1
const ROUNDS = 5
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

/** Round trips a second of one caller and of many. */
interface Rates {
  readonly one: number
  readonly many: number
}

type Rate = (calls: number, callers: number) => Promise<number>

const rates = async (rate: Rate): Promise<Rates> => ({ one: await rate(CALLS, 1), many: await rate(CALLS_AT_ONCE, CALLERS) })

/** Round trips from one node to another. */
async function callsTo([caller, callee]: readonly Member[]): Promise<Rate> {
  const { pid } = await (callee as Member).ask('startCounter')
  return async (calls, callers) => (await (caller as Member).ask('call', pid, calls, callers)).perSecond
}

/**
 * Nodes and a bare socket in turns: how fast one OS process wakes another changes with all that runs on the machine, for seconds at a time,
 * and by more than what is compared.
 */
async function besideBareSocket(members: readonly Member[], socket: BareSocket): Promise<Figures> {
  const rate = await callsTo(members)
  const ours: Rates[] = []
  const bare: Rates[] = []
  for (let i = 0; i < WARMING_UP + ROUNDS; i++) {
    ours.push(await rates(rate))
    bare.push(await rates((calls, callers) => socket.rate(calls, callers)))
  }
  const typical = (of: readonly Rates[], figure: keyof Rates) => median(of.slice(WARMING_UP).map((each) => each[figure]))
  return {
    one: typical(ours, 'one'),
    many: typical(ours, 'many'),
    'bare-one': typical(bare, 'one'),
    'bare-many': typical(bare, 'many'),
  }
}

await runMeasure({
  call: () => withBareSocket((socket) => withMembers(2, (members) => besideBareSocket(members, socket))),
  'call-tls': () => withMembers(2, async (members) => ({ ...(await rates(await callsTo(members))) }), { isEncrypted: true }),

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
