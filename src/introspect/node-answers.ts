// How a node answers each question of the observer: what it reads, and how that is shown.
import { nodeName } from '#cluster'
import type { HandoffUnderWay } from '#distributed'
import { parsePid } from '#process'
import type { ControlDesk } from './controls.ts'
import type { EventLog, EventPage, LoggedEvent } from './event-log.ts'
import type { MessageTraces } from './message-trace.ts'
import { type LoadMeter, machine } from './node-load.ts'
import { memberSnapshots, type NodeParts, nodeSnapshot, type SupervisorSnapshot, supervisorSnapshot } from './node-snapshot.ts'
import type { HandoffReport, Moves, NodeDetails, NodeSummary, ObserverCalls, SupervisorReport } from './observer-calls.ts'
import { processDetails } from './process-info.ts'
import type { ProcessWalk } from './process-walk.ts'
import { shown } from './shown.ts'
import { inSlices } from './slices.ts'
import { stateBytes } from './state-bytes.ts'
import { stateView } from './state-view.ts'
import { compareSupervisors, type SupervisorPlace, supervisorPlace } from './supervisor-order.ts'
import { Top } from './top.ts'
import { traceIdOf } from './trace-id.ts'
import { treePage } from './tree-walk.ts'

export interface AnswerTools {
  readonly parts: NodeParts
  readonly log: EventLog
  readonly load: LoadMeter
  readonly walk: ProcessWalk
  readonly desk: ControlDesk
  readonly traces: MessageTraces
}

type Answers = {
  readonly [C in keyof ObserverCalls]: (
    payload: ObserverCalls[C]['payload'],
  ) => ObserverCalls[C]['answer'] | Promise<ObserverCalls[C]['answer']>
}

const FACT = { bytes: 16 * 1024, values: 500, levels: 8 }
const UNDER_WAY_SHOWN = 1000

export function nodeAnswers({ parts, log, load, walk, desk, traces }: AnswerTools): Answers {
  const { runtime, cluster, registry, history } = parts
  return {
    summary: () => summary(parts, load),
    node: () => details(parts, load),
    supervisors: (query) => supervisors(parts, query),
    tree: (query) => treePage(runtime, history, query),
    processes: (query) => walk.page(query),
    process: (text) => {
      const pid = parsePid(text)
      const process = runtime.lookup(pid)
      const near = processDetails(runtime, pid)
      if (process === undefined || near === undefined) return undefined
      return {
        ...near,
        ...walk.row(process, null),
        names: registry.keys(pid),
        timers: process.timers.size,
        showsState: process.body.observe?.state !== undefined,
        lastCrash: history.lastCrashOf(process.origin.supervisor, process.origin.child),
      }
    },
    state: (pid) => stateView(runtime, parsePid(pid)),
    stateBytes: (pids) =>
      stateBytes(
        runtime.clock,
        pids.map((pid) => runtime.lookup(parsePid(pid))),
      ),
    moves: () => moves(parts),
    crashes: () => history.crashes.list(),
    events: ({ after, limit, types }) => events(parts, log, after[cluster.id] ?? 0, limit, types),
    manage: ({ request, asker }) => desk.manage(request, asker),
    traceBegin: ({ request, asker }) => {
      const behaviour = request.behaviour ?? runtime.lookup(parsePid(request.pid ?? ''))?.body.name
      const id = behaviour === undefined ? undefined : traces.begin({ ...request, behaviour })
      desk.state('trace', request.pid ?? behaviour ?? '', asker, id === undefined ? 'refused' : 'ok')
      return id
    },
    traceRead: (id) => traces.read(id),
    traceEnd: (id) => {
      traces.end(id)
      return true
    },
  }
}

const seen = (parts: NodeParts) => Object.fromEntries(memberSnapshots(parts.cluster).map(({ name, status }) => [name, status]))

async function summary(parts: NodeParts, meter: LoadMeter): Promise<NodeSummary> {
  const { runtime, cluster, registry } = parts
  const load = await meter.read()
  return {
    processes: runtime.processCount,
    names: registry.countByNode().get(cluster.id) ?? 0,
    restarts: load.restarts,
    takeovers: load.takeovers,
    load,
    sees: seen(parts),
    checksum: cluster.viewHash,
  }
}

async function details(parts: NodeParts, meter: LoadMeter): Promise<NodeDetails> {
  const { cluster, registry, startedAt } = parts
  const { name, incarnation, processes, behaviours, links, topologies } = nodeSnapshot(parts)
  return {
    ...(await meter.read()),
    ...machine(),
    name,
    incarnation,
    startedAt,
    processes,
    names: registry.countByNode().get(cluster.id) ?? 0,
    address: cluster.address,
    sees: seen(parts),
    behaviours,
    links,
    topologies,
  }
}

/** In order of paths; those that have ended are listed as long as something is remembered of them. */
async function supervisors(
  { runtime, cluster, history }: NodeParts,
  { prefix, limit, after }: ObserverCalls['supervisors']['payload'],
): Promise<SupervisorReport[]> {
  const node = nodeName(cluster.id)
  const top = new Top<SupervisorReport & { place: SupervisorPlace }>(limit, (a, b) => compareSupervisors(a.place, b.place))
  const offer = (supervisor: SupervisorSnapshot | string) => {
    const [path, pid] = typeof supervisor === 'string' ? [supervisor, null] : [supervisor.supervisor, supervisor.pid]
    const place = supervisorPlace({ supervisor: path, pid }, node)
    if (!path.startsWith(prefix) || (after !== undefined && compareSupervisors(place, after) <= 0)) return
    if (top.last !== undefined && compareSupervisors(place, top.last.place) >= 0) return
    top.offer({ ...(typeof supervisor === 'string' ? ended(supervisor) : running(supervisor)), ...restartsUnder(history, path), place })
  }
  const paths = new Set<string>()
  await inSlices(runtime.clock, runtime.supervisors, (process) => {
    const snapshot = supervisorSnapshot(process)
    if (snapshot === undefined) return
    paths.add(snapshot.supervisor)
    offer(snapshot)
  })
  for (const path of history.troubled) if (!paths.has(path)) offer(path)
  return top.items().map((item) => {
    const { place: _, ...report } = item
    return report
  })
}

function restartsUnder(history: NodeParts['history'], path: string) {
  const { count: restarts, recent } = history.restartsUnder(path)
  return { restarts, recent }
}

function running(snapshot: SupervisorSnapshot) {
  const { restartsInPeriod, maxRestarts } = snapshot
  return { ...snapshot, budgetUsed: maxRestarts === 0 ? Math.min(1, restartsInPeriod) : Math.min(1, restartsInPeriod / maxRestarts) }
}

function ended(supervisor: string) {
  return {
    supervisor,
    pid: null,
    strategy: 'ended',
    children: { specified: 0, active: 0, restarting: 0 },
    maxRestarts: 0,
    periodMs: 0,
    restartsInPeriod: 0,
    budgetUsed: 0,
  }
}

function moves({ history, handoffs }: NodeParts): Moves {
  const claim = ({ owner, pid, epoch }: { owner: string; pid: { toString(): string }; epoch: number }) => ({
    owner,
    pid: pid.toString(),
    epoch,
  })
  const { out = [], in: coming = [] } = Object.groupBy(handoffs.underWay(), ({ direction }) => direction)
  return {
    conflicts: history.conflicts.list().map((event) => ({ ...event, winner: claim(event.winner), loser: claim(event.loser) })),
    takeovers: history.takeovers.list().map((event) => ({ ...event, from: nodeName(event.from), pid: event.pid?.toString() ?? null })),
    handoffs: history.handoffs.list().map((event) => ({
      ...event,
      to: nodeName(event.to),
      because: event.because ?? null,
      trace: traceIdOf(event.trace),
    })),
    underWay: { out: firstOf(out), in: firstOf(coming) },
  }
}

function firstOf(halves: readonly HandoffUnderWay[]): { count: number; first: HandoffReport[] } {
  const first = halves.slice(0, UNDER_WAY_SHOWN)
  const report = (half: HandoffUnderWay) => ({
    ...half,
    peer: nodeName(half.peer),
    reason: half.reason ?? null,
    bytes: half.bytes ?? null,
  })
  return { count: halves.length, first: first.map(report) }
}

/** Facts as JSON can hold them: what a process ended with may be anything. */
async function events(
  { runtime }: NodeParts,
  log: EventLog,
  after: number,
  limit: number,
  types: readonly string[] | undefined,
): Promise<EventPage> {
  const page = log.after(after, limit, types === undefined ? undefined : isOf(types))
  const rendered: LoggedEvent[] = []
  await inSlices(runtime.clock, page.events, (event) => rendered.push({ ...event, data: shown(event.data, FACT).value }))
  return { ...page, events: rendered }
}

/** `supervisor.*` is all of a kind. */
function isOf(types: readonly string[]): (type: string) => boolean {
  const exact = new Set(types.filter((type) => !type.endsWith('.*')))
  const kinds = types.filter((type) => type.endsWith('.*')).map((type) => type.slice(0, -1))
  return (type) => exact.has(type) || kinds.some((kind) => type.startsWith(kind))
}
