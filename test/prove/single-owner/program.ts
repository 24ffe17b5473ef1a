// A program: one node under proof, on the public API alone. It is told what to do over its IPC channel and ends with it.
import { openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectNats } from '#nats'
import { CodedError, createNode, EventStream, type NodeEvents, type NodeOptions, staticTopology } from '#otp-labs'
import { monotonic } from '#test/system/support/monotonic.ts'
import { answerWith, type Request, tellReady } from '#test/system/support/told.ts'
import { holders } from './holders.ts'
import { NAMES } from './schedule.ts'
import { type Answer, type NodeSettings, type Questions, TRY_AGAIN, type View } from './settings.ts'

const TOUCH_EVERY_MS = 20
const ANSWER_WITHIN_MS = 1000
/** Short, so that a schedule sees many takeovers; a node of users waits longer. */
const MEMBERSHIP = { tickMs: 300, suspectMs: 900, downMs: 2000, forgetMs: 24 * 3600_000, forgetGoneMs: 3600_000 }
const LEASE_MS = 3000
const DRAIN_MS = 4000
/** The engine does not answer, or not yet. */
const PASSING = ['ERR_OTP_NATS_CONNECT', 'ERR_OTP_NATS_BUCKET', 'ERR_OTP_DISTRIBUTED_NO_LEASE']
/** Told in its story. */
const TOLD_EVENTS = [
  'cluster.member_changed',
  'cluster.paused',
  'cluster.superseded',
  'arbiter.lease_acquired',
  'arbiter.lease_lost',
  'arbiter.lease_released',
  'arbiter.degraded',
  'arbiter.recovered',
  'arbiter.claimed',
  'arbiter.session_ended',
  'child.started',
  'child.ended',
  'child.taken_over',
  'registry.registered',
  'registry.unregistered',
  'registry.conflict',
  'handoff.started',
  'handoff.ended',
  'handoff.received',
  'node.draining',
  'node.resumed',
  'node.leaving',
  'node.stopped',
] as const

const settings = JSON.parse(process.argv[2] ?? '') as NodeSettings
const story = openSync(settings.story, 'a')
const events = new EventStream<NodeEvents>()
for (const type of TOLD_EVENTS) events.subscribe(`story of ${type}`, { [type]: (data: Record<string, unknown>) => tell(type, data) })
process.on('disconnect', () => process.exit(0))

const { kept, anew } = holders(settings.name, openSync(settings.handled, 'a'))
const node = await createNode({
  name: settings.name,
  behaviours: [kept, anew],
  topologies: [staticTopology({ addresses: settings.peers })],
  secret: 'the secret of the proof',
  host: settings.host,
  port: settings.port,
  membershipTimes: MEMBERSHIP,
  supervisor: { maxRestarts: 1000, handoff: { drainMs: DRAIN_MS } },
  events,
  ...(await arbiter().catch(notNow)),
}).catch(notNow)
tell('began', { id: node.id })
node.onFailure = (reason) => {
  tell('failure', { reason })
  process.stderr.write(`${reason}\n`)
  process.exit(1)
}
process.on('SIGTERM', () => void node.stop('SIGTERM').then(() => process.exit(0)))
answerWith<Questions>(answer)
setInterval(() => {
  node.cast(named(NAMES[Math.floor(Math.random() * NAMES.length)] as string), 'touch', undefined)
}, TOUCH_EVERY_MS)
tellReady()

async function arbiter(): Promise<Partial<NodeOptions>> {
  const { servers } = settings
  if (servers.length === 0) return {}
  const nats = await connectNats({ servers, cluster: 'proof', replicas: servers.length })
  return { arbiter: await nats.arbiter({ leaseMs: LEASE_MS }) }
}

/** As an orchestrator expects it: what may pass is tried again from the beginning. */
function notNow(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(error instanceof CodedError && PASSING.includes(error.code) ? TRY_AGAIN : 1)
}

function tell(type: string, data: object): void {
  writeSync(story, `${JSON.stringify({ type, ...data, at: monotonic(), wall: Date.now() })}\n`)
}

async function answer({ ask, question }: Request<Questions>): Promise<Questions[keyof Questions]['answer']> {
  switch (ask) {
    case 'look':
      return look()
    case 'call':
      return Object.fromEntries(await Promise.all(NAMES.map(async (name) => [name, await call(name)] as const)))
    case 'start':
      return Object.fromEntries(await Promise.all(question.names.map(async (name) => [name, await start(name)] as const)))
    case 'move': {
      const moved = await node.supervisor.moveChild(question.name, question.to)
      return JSON.stringify(moved)
    }
    case 'crash':
      node.cast(named(question.name), 'crash', undefined)
      return undefined
    case 'rebirth':
      await node.supervisor.terminateChild(question.name)
      return start(question.name)
    case 'drain':
      return (await node.drain({ deadlineMs: DRAIN_MS })).outcome
    case 'undrain':
      node.resume()
      return undefined
    case 'freeze': {
      const name = NAMES.find((each) => node.registry.lookup(each)?.node === node.id)
      if (name !== undefined) node.cast(named(name), 'freeze', question.forMs)
      // It is answered when that is over.
      await sleep(1)
      return name
    }
  }
}

/** Names are of both kinds, in turn. */
function behaviourOf(name: string): typeof kept {
  return NAMES.indexOf(name) % 2 === 0 ? kept : anew
}

const named = (name: string) => behaviourOf(name).named(name)

function look(): View {
  const owners = Object.fromEntries(node.registry.entries().map(({ name, pid }) => [name, pid.node]))
  return { alive: [...node.cluster.alive], owners }
}

async function call(name: string): Promise<Answer> {
  try {
    return await node.call(named(name), 'who', undefined, { timeoutMs: ANSWER_WITHIN_MS })
  } catch (error) {
    return { failure: String(error) }
  }
}

async function start(name: string): Promise<string> {
  try {
    const result = await node.supervisor.startChild({ id: name, start: [behaviourOf(name), name] })
    return result.ok ? 'started' : JSON.stringify(result.reason)
  } catch (error) {
    return String(error)
  }
}
