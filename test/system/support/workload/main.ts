// A program: one node with the workload of the fault tests, on the public API alone. It is told what to do over its IPC channel and ends with it.
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createNode, EventStream, type NodeEvents, staticTopology } from '#otp-labs'
import { answerWith, type Request, tellReady } from '../told.ts'
import { Bidders } from './bidders.ts'
import { notedLot } from './lot.ts'
import { notesIn } from './notes.ts'
import { lotNames, type Questions, type WorkloadSettings } from './settings.ts'

const OPENED_AT_ONCE = 100
const TRY_AGAIN_MS = 100
/** What the fault tests measure by. */
const NOTED_EVENTS = [
  'cluster.member_changed',
  'cluster.link_up',
  'cluster.link_down',
  'cluster.paused',
  'cluster.superseded',
  'cluster.connect_failed',
] as const

const settings = JSON.parse(process.argv[2] ?? '') as WorkloadSettings
const note = notesIn(settings.history)
const lots = lotNames(settings.lots)
const lot = notedLot(note)
const events = new EventStream<NodeEvents>()
noteEvents()
process.on('disconnect', () => process.exit(0))

const node = await createNode({
  name: settings.name,
  behaviours: [lot],
  topologies: [staticTopology({ addresses: settings.peers })],
  secret: 'the secret of the fault tests',
  host: settings.host,
  port: settings.port,
  events,
})
node.onFailure = (reason) => {
  note({ kind: 'event', type: 'failure', data: { reason } })
  process.exit(1)
}
process.on('SIGTERM', () => void node.stop('SIGTERM').then(() => process.exit(0)))
const bidders = new Bidders(node, lot, lots, note)
answerWith<Questions>(answer)
while (node.cluster.alive.size < settings.waitFor) await sleep(TRY_AGAIN_MS)
await openAll()
tellReady()

function noteEvents(): void {
  for (const type of NOTED_EVENTS) {
    events.subscribe(`history of ${type}`, { [type]: (data: Record<string, unknown>) => note({ kind: 'event', type, data }) })
  }
}

/** Every lot of the list is there at the end, whoever opened it. */
async function openAll(): Promise<void> {
  const left = lots.values()
  const open = async () => {
    for (const id of left) while (!(await isOpen(id))) await sleep(TRY_AGAIN_MS)
  }
  await Promise.all(Array.from({ length: OPENED_AT_ONCE }, open))
}

async function isOpen(id: string): Promise<boolean> {
  if (node.registry.lookup(id) !== undefined) return true
  const result = await node.supervisor.startChild({ id, start: [lot, id] })
  return result.ok || result.reason === 'already_started'
}

async function answer(request: Request<Questions>): Promise<Questions[keyof Questions]['answer']> {
  switch (request.ask) {
    case 'bid':
      bidders.bid(request.question.rate)
      return undefined
    case 'watch':
      watch(request.question.everyMs)
      return undefined
    case 'look': {
      const entries = node.registry.entries()
      const owners = createHash('sha256').update(entries.map(({ name, pid }) => `${name}=${pid}`).join())
      const own = entries.filter(({ pid }) => pid.node === node.id).length
      return { alive: [...node.cluster.alive], names: entries.length, own, owners: owners.digest('base64') }
    }
    case 'account': {
      const own = node.registry.entries().filter(({ pid }) => pid.node === node.id)
      await Promise.all(own.map(({ name }) => node.call(lot.named(name), 'account')))
      return undefined
    }
  }
}

/** Notes how many names have an owner, whenever that has changed. */
function watch(everyMs: number): void {
  let last: number | undefined
  setInterval(() => {
    const live = node.registry.count()
    if (live !== last) note({ kind: 'view', live })
    last = live
  }, everyMs)
}
