// A node that is told to end under load, as an OS process: what it answers meanwhile, what is lost, and what more signals do.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '#test/support/eventually.ts'
import { endCommands } from './support/os.ts'
import { Run } from './support/run.ts'

const LOTS = Array.from({ length: 60 }, (_, index) => `lot-${index}`)
const BIDDERS = 6
const BIDDING_MS = 1000

let run: Run
let stopped: number | undefined

afterEach(async () => {
  if (stopped !== undefined) process.kill(stopped, 'SIGCONT')
  stopped = undefined
  await endCommands()
  await run.stop()
})

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  // Without a store lots move with their state, or are lost.
  run = await Run.start(['--no-load'], { OTP_STATE_STORE: 'none', ...env })
  const opened = await Promise.all(LOTS.map((id) => run.post('n1', '/lots', { id: `own-${id}`, title: 'Moon rock' })))
  expect(new Set(opened.map(({ status }) => status))).toEqual(new Set([201]))
}

const ownLots = async (of: string, by = 'n1') =>
  (await run.registry(by)).filter(({ name, node }) => node === of && name.startsWith('own-')).length

interface Drained {
  readonly outcome: string
  readonly moved: number
  readonly restarted: number
  readonly stopped: number
  readonly gaveUp: number
  readonly durationMs: number
  readonly isLeaving: boolean
}

/** What the node has logged of its drain. */
function drained(name: string): Drained {
  const lines = readFileSync(join(run.logs, `${name}.log`), 'utf8')
    .trimEnd()
    .split('\n')
  const records = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Drained & { event?: string })
  const [record, ...more] = records.filter(({ event }) => event === 'node.drained')
  if (record === undefined || more.length > 0) throw new Error(`${name} has logged ${more.length} drains too many, or none`)
  return record
}

const ended = (name: string, how: string, withinMs: number) =>
  eventually(`${name} has ended with ${how}`, withinMs, () => run.command.stderr.includes(`${name} ended (${how})`))

/** A peer that stands still: children that fall to it are offered in vain, and the drain lasts. */
function standStill(name: string): void {
  stopped = run.node(name).pid
  process.kill(stopped, 'SIGSTOP')
}

test('SIGTERM under load: children go to both others, no accepted bid is lost, no call but of the node itself fails, it ends with 0', async () => {
  await start()
  const accepted = new Map<string, number>()
  const failures: string[] = []
  let amount = 0
  let isOver = false
  const bidder = async (which: number): Promise<void> => {
    for (let turn = which; !isOver; turn++) {
      const [id, mine, node] = [`own-${LOTS[turn % LOTS.length]}`, ++amount, `n${1 + (turn % 3)}`]
      try {
        const { status } = await run.post(node, `/lots/${id}/bids`, { bidder: `bidder-${which}`, amount: mine })
        if (status === 200) accepted.set(id, Math.max(mine, accepted.get(id) ?? 0))
        else if (status !== 409 && node !== 'n3') failures.push(`${node} ${id} ${status}`)
      } catch (error) {
        // Who is told to end takes no connections at last.
        if (node !== 'n3') failures.push(`${node} ${id} ${String(error)}`)
      }
    }
  }
  const bidders = Array.from({ length: BIDDERS }, (_, which) => bidder(which))
  await eventually('every lot has a bid', 20_000, () => accepted.size === LOTS.length)
  const here = await ownLots('n3')
  const before = await Promise.all(['n1', 'n2'].map((name) => ownLots(name)))
  process.kill(run.node('n3').pid, 'SIGTERM')
  await ended('n3', 'exit code 0', 15_000)
  await sleep(BIDDING_MS)
  isOver = true
  await Promise.all(bidders)
  expect(failures).toEqual([])
  expect(drained('n3')).toMatchObject({ outcome: 'completed', isLeaving: true, gaveUp: 0, stopped: 0, restarted: 0 })
  expect(drained('n3').moved).toBeGreaterThanOrEqual(here)
  const after = await Promise.all(['n1', 'n2'].map((name) => ownLots(name)))
  expect(after.reduce((sum, count) => sum + count, 0)).toBe(LOTS.length)
  for (const [index, count] of after.entries()) expect(count).toBeGreaterThan(before[index] as number)
  for (const [id, highest] of accepted) {
    expect([id, (await run.get<{ high: number }>('n1', `/lots/${id}`)).high >= highest]).toEqual([id, true])
  }
})

test('while it drains it is alive and not ready, refuses what is new, answers what is asked; a second signal ends that in order', async () => {
  await start()
  const { pid, http, metrics } = run.node('n3')
  // What the observer says may be from a moment before.
  await eventually('the node owns lots', 5000, async () => (await ownLots('n3')) > 0)
  standStill('n2')
  process.kill(pid, 'SIGTERM')
  const health = (path: string) => fetch(metrics.replace('/metrics', path))
  await eventually('it is not ready', 1000, async () => (await health('/readyz')).status === 503)
  const [ready, alive, page] = await Promise.all(['/readyz', '/healthz', '/metrics'].map(health))
  expect([ready?.status, ready?.headers.get('connection'), alive?.status]).toEqual([503, 'close', 200])
  expect(await page?.text()).toMatch(/^otp_node_draining 1$/m)
  const refused = await fetch(`${http}/lots`, {
    method: 'POST',
    body: '{"title":"new"}',
    headers: { 'content-type': 'application/json' },
  })
  expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('connection')]).toEqual([503, '1', 'close'])
  expect(refused.headers.get('content-type')).toContain('application/problem+json')
  expect((await fetch(`${http}/lots`)).status).toBe(200)
  expect((await run.statusOf('n3', 'n1')).map(({ status }) => status)).toEqual(['leaving'])
  process.kill(pid, 'SIGTERM')
  await ended('n3', 'exit code 0', 5000)
  expect(drained('n3')).toMatchObject({ outcome: 'hastened', isLeaving: true })
  expect(drained('n3').gaveUp).toBeGreaterThan(0)
  process.kill(stopped as number, 'SIGCONT')
  await eventually('all lots live on the others', 20_000, async () => (await ownLots('n1')) + (await ownLots('n2')) === LOTS.length)
})

test('at its deadline it gives the rest up, ends with 0, and others take over', async () => {
  await start({ OTP_DRAIN_MS: '1000' })
  const here = await eventually('the node owns lots', 5000, () => ownLots('n3'))
  standStill('n2')
  process.kill(run.node('n3').pid, 'SIGTERM')
  await ended('n3', 'exit code 0', 10_000)
  const { outcome, moved, gaveUp, durationMs } = drained('n3')
  expect([outcome, moved + gaveUp >= here, gaveUp > 0]).toEqual(['deadline', true, true])
  // A timer counts from when the turn of the event loop began in which it was set: on a busy machine it is early by that.
  expect(durationMs).toBeGreaterThan(500)
  process.kill(stopped as number, 'SIGCONT')
  await eventually('all lots live on the others', 20_000, async () => (await ownLots('n1')) + (await ownLots('n2')) === LOTS.length)
})

test('a third signal ends it at once with 1', async () => {
  await start()
  const { pid } = run.node('n3')
  standStill('n2')
  process.kill(pid, 'SIGTERM')
  await sleep(300)
  process.kill(pid, 'SIGINT')
  process.kill(pid, 'SIGTERM')
  await ended('n3', 'exit code 1', 3000)
})
