// kill -9 under bids, with each store of state: every bid that was accepted is there afterwards.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '#test/support/eventually.ts'
import { NatsServers, NO_NATS } from './support/nats.ts'
import type { Command } from './support/os.ts'
import { Run } from './support/run.ts'

const LOTS = Array.from({ length: 24 }, (_, index) => `kept-${index}`)
const BIDDERS = 12
/** Bids go on so long before and after a kill. */
const BIDDING_MS = 1500

describe.each(['memory', 'sqlite', 'nats'])('with OTP_STATE_STORE=%s', (store) => {
  const why = store === 'nats' ? NO_NATS : undefined
  let run: Run
  let servers: NatsServers | undefined
  /** The node that came back. */
  let back: Command | undefined
  /** What was accepted: by lot, the amounts. */
  const accepted = new Map<string, number[]>(LOTS.map((id) => [id, []]))
  let amount = 0

  const start = (): Promise<Run> =>
    Run.start(['--no-load'], { OTP_STATE_STORE: store, ...(servers === undefined ? {} : { NATS_URL: servers.urls.join(',') }) })

  beforeAll(async () => {
    if (why !== undefined) return
    if (store === 'nats') servers = await NatsServers.start()
    run = await start()
  })

  beforeEach((context) => context.skip(why !== undefined, why))

  afterAll(async () => {
    // The node that came back first: it writes into the directory of the run.
    back?.kill('SIGTERM')
    await back?.ended
    await run?.stop()
    await servers?.stop()
  })

  async function bidOnce(node: string): Promise<void> {
    const id = LOTS[++amount % LOTS.length] as string
    const mine = amount
    try {
      const { status } = await run.post(node, `/lots/${id}/bids`, { bidder: 'ada', amount: mine })
      if (status === 200) accepted.get(id)?.push(mine)
    } catch {
      // The node was killed while it was asked.
    }
  }

  /** Bidders that ask the given nodes, one bid after the other, until they are told to end. */
  function bidOn(nodes: readonly string[]): { end(): Promise<void> } {
    let isOver = false
    const bidder = async (index: number): Promise<void> => {
      while (!isOver) await bidOnce(nodes[index % nodes.length] as string)
    }
    const bidders = Array.from({ length: BIDDERS }, (_, index) => bidder(index))
    return {
      end: async () => {
        isOver = true
        await Promise.all(bidders)
      },
    }
  }

  const count = () => [...accepted.values()].reduce((sum, amounts) => sum + amounts.length, 0)

  async function expectAllThere(node: string): Promise<void> {
    for (const [id, amounts] of accepted) {
      const look = await eventually(`${id} answers`, 10_000, async () => {
        const lot = await run.get<{ high?: number; bids?: number }>(node, `/lots/${id}`)
        return lot.high !== undefined && lot
      })
      expect(look.high).toBeGreaterThanOrEqual(Math.max(0, ...amounts))
      expect(look.bids).toBeGreaterThanOrEqual(amounts.length)
    }
  }

  /** Kills a node while bids come in by all, and goes on by those that are left. */
  async function killUnderBids(victim: string, left: readonly string[]): Promise<void> {
    const before = bidOn([...left, victim])
    await sleep(BIDDING_MS)
    process.kill(run.node(victim).pid, 'SIGKILL')
    await before.end()
    const after = bidOn(left)
    await sleep(BIDDING_MS)
    await after.end()
  }

  test('lots are opened on all nodes', async () => {
    const opened = await Promise.all(LOTS.map((id) => run.post('n1', '/lots', { id, title: id })))
    expect(new Set(opened.map(({ status }) => status))).toEqual(new Set([201]))
    expect(new Set(opened.map(({ body }) => body['node'])).size).toBe(3)
  })

  test('one node is killed: no accepted bid is lost', async () => {
    await killUnderBids('n3', ['n1', 'n2'])
    console.log(`${store}: ${count()} bids accepted by now`)
    expect(count()).toBeGreaterThan(100)
    await expectAllThere('n1')
    expect(await run.metric(['n1', 'n2'], 'otp_state_writes_total', 'outcome="ok"')).toBeGreaterThan(0)
    expect(await run.metric(['n1', 'n2'], 'otp_state_writes_total', 'outcome="error"')).toBe(0)
    expect(await run.metric(['n1', 'n2'], 'otp_state_loads_total', '')).toBeGreaterThan(0)
  })

  test('it comes back, and another is killed: no accepted bid is lost', async () => {
    back = run.rejoin('n3')
    await eventually('all see three up', 20_000, async () => {
      const views = await Promise.all(['n1', 'n2'].map((name) => run.members(name)))
      return views.every(({ members }) => members.filter(({ status }) => status === 'up').length === 3)
    })
    await killUnderBids('n2', ['n1'])
    console.log(`${store}: ${count()} bids accepted by now`)
    await expectAllThere('n1')
  })

  // `memory` is gone with the last node, and the files of `sqlite` are with this run.
  if (store !== 'nats') return
  test('all nodes are killed at once: no accepted bid is lost', async () => {
    const bids = bidOn(['n1', 'n3'])
    await sleep(BIDDING_MS)
    const pids = [run.node('n1').pid, Number(/is OS process (\d+)/.exec(back?.stderr ?? '')?.[1])]
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    await bids.end()
    await back?.ended
    await run.stop()
    run = await start()
    await Promise.all(LOTS.map((id) => run.post('n2', '/lots', { id, title: id })))
    console.log(`${store}: ${count()} bids accepted by now`)
    await expectAllThere('n3')
  })
})
