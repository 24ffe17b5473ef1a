// What a member can be told to do. Whatever is timed is timed in the member itself: the driver's messages to it cost nothing.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { handoffCommands } from '#bench/handoff/commands.ts'
import { perSecond, settledHeap } from '#bench/support/program.ts'
import { genServer, type Node, type Pid, parsePid, reply } from '#otp-labs'

/** A process that counts: as small as a server with a state gets. */
export const Counter = genServer({
  name: 'counter',
  init: (start: number) => start,
  calls: { add: (count, by: number) => reply(count + by, count + by) },
})

const LOOKUPS = 300_000
const DEADLINE_MS = 60_000

/** Milliseconds by a clock that all OS processes of this machine share. */
function sharedNow(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}

const nameOf = (prefix: string, i: number): string => `${prefix}-${i}`

/** Waits in steps of a millisecond: it is asked seldom enough to leave the processor to others. */
async function until(what: string, condition: () => boolean): Promise<void> {
  const limit = performance.now() + DEADLINE_MS
  while (!condition()) {
    if (performance.now() > limit) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`)
    await sleep(1)
  }
}

async function startOne(node: Node, id: string): Promise<Pid> {
  const result = await node.supervisor.startChild({ id, start: [Counter, 0] })
  if (result.ok) return result.pid
  throw new Error(`start of ${id}: ${JSON.stringify(result.reason)}`)
}

/** Runs `callers` loops at once over the numbers below `count`. */
async function share(count: number, callers: number, each: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const loop = async () => {
    while (next < count) await each(next++)
  }
  await Promise.all(Array.from({ length: callers }, loop))
}

const ownChildren = (node: Node): string[] => [...node.runtime.processes()].flatMap(({ origin }) => origin.child ?? [])

/** What was registered by `register`, kept until the member ends. */
const holders: Pid[] = []

async function holder(node: Node): Promise<Pid> {
  const started = await node.runtime.spawn(Counter.body, 0, { cause: 'call' })
  if (!started.ok) throw new Error('a process did not start')
  holders.push(started.pid)
  return started.pid
}

function registerOne(node: Node, name: string, pid: Pid): void {
  const result = node.registry.register(name, pid)
  if (!result.ok) throw new Error(`${name}: ${result.reason}`)
  if (node.registry.lookup(name)?.equals(pid) !== true) throw new Error(`${name} was registered and is not found`)
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

export const commands = {
  /** Resolves when this node is linked to all others and may own children. */
  async formed(node: Node, members: number): Promise<void> {
    await until(
      `a cluster of ${members}`,
      () => node.isReady && node.cluster.alive.size === members && [...node.cluster.links].length === members - 1,
    )
  },

  /** Children anywhere in the cluster; each start is acknowledged by a peer before its caller goes on. */
  async startChildren(node: Node, prefix: string, count: number, callers: number): Promise<{ ms: number }> {
    const startedAt = performance.now()
    await share(count, callers, (i) => startOne(node, nameOf(prefix, i)))
    return { ms: performance.now() - startedAt }
  },

  /** Resolves when this node knows so many live names. */
  async knows(node: Node, names: number): Promise<{ at: number }> {
    await until(`${names} names`, () => node.registry.count() === names)
    return { at: sharedNow() }
  },

  /** When this node finds a name. One writer's names arrive in order: with the last of them all others are there. */
  async finds(node: Node, name: string): Promise<{ at: number }> {
    await until(`the name ${name}`, () => node.registry.lookup(name) !== undefined)
    return { at: sharedNow() }
  },

  /** Names of one process, one after the other without a pause. */
  async register(node: Node, prefix: string, count: number): Promise<{ startedAt: number }> {
    const pid = await holder(node)
    const startedAt = sharedNow()
    for (let i = 0; i < count; i++) registerOne(node, nameOf(prefix, i), pid)
    return { startedAt }
  },

  /** Names of one process, each `everyMs` after the one before; answers when each was registered. */
  async registerSlowly(node: Node, prefix: string, count: number, everyMs: number): Promise<{ at: number[] }> {
    const pid = await holder(node)
    const at: number[] = []
    for (let i = 0; i < count; i++) {
      await sleep(everyMs)
      at.push(sharedNow())
      registerOne(node, nameOf(prefix, i), pid)
    }
    return { at }
  },

  /** When this node first found each of the names, which are registered in this order; it looks in every turn of its event loop. */
  async seen(node: Node, prefix: string, count: number): Promise<{ at: number[] }> {
    const at: number[] = []
    const limit = performance.now() + DEADLINE_MS
    while (at.length < count) {
      await turn()
      if (performance.now() > limit) throw new Error(`only ${at.length} of ${count} names came`)
      while (at.length < count && node.registry.lookup(nameOf(prefix, at.length)) !== undefined) at.push(sharedNow())
    }
    return { at }
  },

  /** Lookups of names whose owner is this node, or is another. */
  async lookup(node: Node, prefix: string, count: number, isOwn: boolean): Promise<{ perSecond: number }> {
    const names = Array.from({ length: count }, (_, i) => nameOf(prefix, i)).filter(
      (name) => (node.registry.lookup(name)?.node === node.id) === isOwn,
    )
    const run = () => {
      let found = 0
      for (let left = LOOKUPS; left > 0; ) {
        for (const name of names) {
          if (node.registry.lookup(name) !== undefined) found++
          if (--left === 0) break
        }
      }
      if (found !== LOOKUPS) throw new Error(`${LOOKUPS - found} names were not found`)
    }
    return { perSecond: await perSecond(LOOKUPS, { prepare: () => undefined, run }) }
  },

  async heap(): Promise<{ bytes: number }> {
    return { bytes: await settledHeap() }
  },

  /** Payload of all links of this node since they are up. */
  async wire(node: Node): Promise<{ bytesOut: number; bytesIn: number; links: number; at: number }> {
    let [bytesOut, bytesIn, links] = [0, 0, 0]
    for (const { counts } of node.cluster.links) {
      bytesOut += counts.bytesOut
      bytesIn += counts.bytesIn
      links++
    }
    return { bytesOut, bytesIn, links, at: sharedNow() }
  },

  /** A process to be called, outside any supervisor. */
  async startCounter(node: Node): Promise<{ pid: string }> {
    return { pid: (await holder(node)).toString() }
  },

  /** Round trips to a process of another node. */
  async call(node: Node, pid: string, count: number, callers: number): Promise<{ perSecond: number }> {
    const to = parsePid(pid)
    const run = () => share(count, callers, () => node.runtime.call(to, 'add', 1))
    return { perSecond: await perSecond(count, { prepare: () => undefined, run }) }
  },

  /** From the moment the link to a member closes until all its children live elsewhere, as this node knows. */
  async tookOver(node: Node, member: string): Promise<{ closedAt: number; downAt: number; liveAt: number }> {
    const orphans = node.supervisor.whichChildren().filter(({ pid }) => pid?.node === member)
    let [closedAt, downAt] = [0, 0]
    node.events.subscribe('bench', {
      'cluster.link_down': ({ peer }) => {
        if (peer === member && closedAt === 0) closedAt = sharedNow()
      },
      'cluster.member_changed': ({ member: id, change }) => {
        if (id === member && change === 'down') downAt = sharedNow()
      },
    })
    await until(`the children of ${member} live elsewhere`, () => {
      while (orphans.length > 0) {
        const pid = node.registry.lookup(orphans.at(-1)?.id as string)
        if (pid === undefined || pid.node === member) return false
        orphans.pop()
      }
      return true
    })
    return { closedAt, downAt, liveAt: sharedNow() }
  },

  /** The longest this node's event loop was kept from its next turn while the children of a member that dies come back elsewhere. */
  async blocked(node: Node, member: string): Promise<{ ms: number; busyMs: number }> {
    let [longest, busiest, isOver] = [0, 0, false]
    const over = commands.tookOver(node, member).finally(() => {
      isOver = true
    })
    let last = performance.now()
    let lastCpu = cpuMs()
    while (!isOver) {
      await turn()
      const [now, cpu] = [performance.now(), cpuMs()]
      longest = Math.max(longest, now - last)
      busiest = Math.max(busiest, cpu - lastCpu)
      last = now
      lastCpu = cpu
    }
    await over
    return { ms: longest, busyMs: busiest }
  },

  async children(node: Node): Promise<{ ids: string[] }> {
    return { ids: ownChildren(node) }
  },

  ...handoffCommands,
}

export type Commands = typeof commands
