// Ours: how cost grows with the number of nodes, in simulation (real nodes and links in one OS process, a network in memory, a clock that is turned).
import { setTimeout as sleep } from 'node:timers/promises'
import type { Figures } from '#bench/support/bench.ts'
import { perSecond, runMeasure } from '#bench/support/program.ts'
import type { MembershipTimes } from '#cluster'
import { type Node, uniform } from '#otp-labs'
import { Box } from '#test/support/box.ts'
import { Counter } from './commands.ts'
import { type Member, withCluster } from './members.ts'

const MANY = 50
const CHILDREN = 10_000
/** Nodes that are there when the children are started: the others join later, since so many in few OS processes would be slow to agree. */
const OWNERS = 10
const CALLERS = 50
const SETTLE_MS = 1000
const QUIET_MS = 5000
const IDLE_MS = 10_000
const CHANGES = 20
const PLACEMENTS = 200_000

function bytesOut(nodes: readonly Node[]): number {
  let bytes = 0
  for (const node of nodes) for (const { counts } of node.cluster.links) bytes += counts.bytesOut
  return bytes
}

function formed(size: number, times?: MembershipTimes): Promise<Box> {
  const names = Array.from({ length: size }, (_, i) => `n${i + 1}`)
  return Box.formed({ names, node: { behaviours: [Counter] }, ...(times === undefined ? {} : { times }) })
}

/** What one node sends and what all of them send for one name, and the processor's time of one node for one idle second. */
async function idle(size: number): Promise<Figures> {
  const box = await formed(size)
  const nodes = box.live()
  await box.clock.advance(QUIET_MS)
  const before = bytesOut(nodes)
  const cpu = process.cpuUsage()
  await box.clock.advance(IDLE_MS)
  const { user, system } = process.cpuUsage(cpu)
  const quiet = bytesOut(nodes) - before
  return {
    bytesPerSecond: quiet / size / (IDLE_MS / 1000),
    microsPerSecond: (user + system) / size / (IDLE_MS / 1000),
    changeBytes: await changeBytes(size),
  }
}

/** What all nodes send for one child that is started somewhere, in a cluster whose heartbeats are an hour apart. */
async function changeBytes(size: number): Promise<number> {
  const hour = 3600_000
  const box = await formed(size, { tickMs: hour, suspectMs: 2 * hour, downMs: 4 * hour, forgetMs: 24 * hour, forgetGoneMs: hour })
  await box.clock.advance(QUIET_MS)
  const nodes = box.live()
  const before = bytesOut(nodes)
  const [first] = nodes as [Node]
  for (let i = 0; i < CHANGES; i++) await box.through(first.supervisor.startChild({ id: `child-${i}`, start: [Counter, 0] }))
  await box.clock.advance(QUIET_MS)
  return (bytesOut(nodes) - before) / CHANGES
}

/** 10,000 children and 50 nodes, one of which is killed with 1,000 of them: how long the event loop of another one is kept at a stretch. */
function block(): Promise<Figures> {
  const crowd = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `n${from + i}`).join(',')
  return withCluster(async (start) => {
    const [observed, victim] = [start('n1'), start('n2')]
    const members = [observed, victim, start(crowd(3, OWNERS))]
    await formation(members, OWNERS)
    await observed.ask('startChildren', 'child', CHILDREN, CALLERS)
    await Promise.all(members.map((member) => member.ask('knows', CHILDREN)))
    members.push(start(crowd(OWNERS + 1, MANY)))
    await formation(members, MANY)
    await sleep(SETTLE_MS)
    const blocked = observed.ask('blocked', victim.id)
    await observed.ask('children')
    victim.kill()
    return blocked
  })
}

async function formation(members: readonly Member[], size: number): Promise<void> {
  await Promise.all(members.map(({ started }) => started))
  await Promise.all(members.map((member) => member.ask('formed', size)))
}

await runMeasure({
  'idle-3': () => idle(3),
  'idle-5': () => idle(5),
  'idle-10': () => idle(10),
  'idle-20': () => idle(20),
  'idle-50': () => idle(50),

  block,

  async place() {
    const box = await formed(MANY)
    const [node] = box.live() as [Node]
    const candidates = node.cluster.candidates()
    const names = Array.from({ length: 10_000 }, (_, i) => `child-${i}`)
    const rate = await perSecond(PLACEMENTS, {
      prepare: () => undefined,
      run: () => {
        for (let i = 0; i < PLACEMENTS; i++)
          if (uniform.chooseNode(names[i % names.length] as string, candidates, 1) === undefined) throw new Error('no place')
      },
    })
    return { micros: 1_000_000 / rate }
  },
})
