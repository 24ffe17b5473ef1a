// States on three servers of NATS, written by three nodes: whoever is killed, or stands still, nothing that was answered is lost.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '#test/support/eventually.ts'
import { NatsServers, NO_NATS } from '../support/nats.ts'
import { Notebook } from '../support/notebook/process.ts'
import { Directory } from '../support/os.ts'

const NAMES = ['n1', 'n2', 'n3'] as const
const NOTEBOOKS = Array.from({ length: 12 }, (_, index) => `notes-${index}`)
/** A state of so many bytes takes a blob of several pieces. */
const LARGE_BYTES = 3_000_000
const WRITING_MS = 2000
const READY_WITHIN_MS = 20_000

let servers: NatsServers
let directory: Directory
let clusters = 0
let nodes: Notebook[] = []

beforeAll(async () => {
  if (NO_NATS === undefined) servers = await NatsServers.start({ count: 3 })
})

beforeEach(async (context) => {
  context.skip(NO_NATS !== undefined, NO_NATS)
  clusters++
  directory = new Directory()
  await startNodes()
})

afterEach(() => {
  killAll()
  directory?.remove()
})

afterAll(() => servers?.stop())

const stream = () => `KV_otp_durable${clusters}_states`

async function startNodes(): Promise<void> {
  const settings = { directory: directory.path, secret: 'a secret of the test', servers: servers.urls, replicas: 3 }
  nodes = NAMES.map((name) => new Notebook({ name, cluster: `durable${clusters}`, ...settings }))
  await Promise.all(nodes.map(({ ready }) => ready))
  await allSee(nodes, NAMES.length)
}

async function allSee(those: readonly Notebook[], count: number): Promise<void> {
  await eventually(`${count} members`, READY_WITHIN_MS, async () => {
    const seen = await Promise.all(those.map((node) => node.ask('members', undefined)))
    return seen.every((members) => members === count)
  })
}

/** Frozen ones, too. */
function killAll(): void {
  for (const node of nodes) node.kill('SIGKILL')
  nodes = []
}

const first = (): Notebook => nodes[0] as Notebook

async function openAll(): Promise<void> {
  const opened = await Promise.all(NOTEBOOKS.map((id) => first().ask('open', { id, bytes: 0 })))
  expect(opened).toEqual(NOTEBOOKS.map(() => true))
}

/** Every node writes into those notebooks that live on it. */
async function write(): Promise<void> {
  for (const node of nodes) await node.ask('write', { ids: await node.ask('own', undefined) })
}

const notesOf = (id: string, by: Notebook = first()) =>
  eventually(`${id} answers`, READY_WITHIN_MS, async () => (await by.ask('look', { id }).catch(() => undefined))?.notes)

async function expectAllThere(written: readonly (readonly [string, readonly string[]])[]): Promise<void> {
  for (const [id, notes] of written) {
    const there = new Set(await notesOf(id))
    expect(notes.filter((note) => !there.has(note))).toEqual([])
  }
}

test('all nodes are killed at once: who starts again finds what was answered, large states as well', async () => {
  await openAll()
  expect(await first().ask('open', { id: 'large', bytes: LARGE_BYTES })).toBe(true)
  const answered = new Map<string, string[]>([...NOTEBOOKS, 'large'].map((id) => [id, []]))
  for (let round = 0; round < 5; round++) {
    await Promise.all(
      [...answered].map(async ([id, notes]) => {
        const note = `round ${round}`
        await (nodes[round % 3] as Notebook).ask('add', { id, note })
        notes.push(note)
      }),
    )
  }
  killAll()
  await startNodes()
  await openAll()
  // What it is opened with is no more than a wish where there is a state.
  expect(await first().ask('open', { id: 'large', bytes: 0 })).toBe(true)
  for (const [id, notes] of answered) expect(await first().ask('look', { id })).toEqual({ notes, bytes: id === 'large' ? LARGE_BYTES : 0 })
})

test('a node stands still while it writes, and its names are taken over: what it was told is there, and what it writes late is refused', async () => {
  await openAll()
  await write()
  await sleep(WRITING_MS)
  const [a, b, frozen] = nodes as [Notebook, Notebook, Notebook]
  const own = await frozen.ask('own', undefined)
  expect(own.length).toBeGreaterThan(0)
  // The servers first, so that each of its children has a write under way of which nobody has told it.
  for (let index = 0; index < servers.count; index++) servers.freeze(index)
  await sleep(500)
  frozen.kill('SIGSTOP')
  for (let index = 0; index < servers.count; index++) servers.thaw(index)
  await allSee([a, b], 2)
  for (const id of own) {
    await notesOf(id)
    await first().ask('add', { id, note: 'taken over' })
  }
  frozen.kill('SIGCONT')
  await allSee(nodes, 3)
  for (const id of own) expect(await frozen.ask('writeLate', { id })).toBe(false)
  await sleep(WRITING_MS)
  const written = (await Promise.all(nodes.map((node) => node.ask('written', undefined)))).flat()
  expect(written.reduce((sum, [, notes]) => sum + notes.length, 0)).toBeGreaterThan(NOTEBOOKS.length)
  await expectAllThere([...written, ...own.map((id) => [id, ['taken over']] as const)])
})

test('the leader of the states is killed while all write: no write fails, and nothing is lost', async () => {
  await openAll()
  await write()
  await sleep(WRITING_MS)
  const leader = await servers.leaderOf(stream())
  await servers.kill(leader)
  try {
    await servers.leaderOf(stream())
    await sleep(3 * WRITING_MS)
    const written = (await Promise.all(nodes.map((node) => node.ask('written', undefined)))).flat()
    expect(written.length).toBe(NOTEBOOKS.length)
    expect(await Promise.all(nodes.map((node) => node.ask('failures', undefined)))).toEqual([0, 0, 0])
    await expectAllThere(written)
  } finally {
    await servers.bringBack(leader)
  }
})
