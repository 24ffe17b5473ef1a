// Answers about processes, supervisors and the tree they live in.

import type { z } from 'zod'
import {
  type CrashReport,
  comparePlaces,
  compareSupervisors,
  type ProcessOrder,
  parsePlace,
  printPlace,
  type SupervisorPlace,
  type SupervisorSnapshot,
  supervisorPlace,
  type TreePlace,
} from '#introspect'
import { parsePid } from '#process'
import { Refusal } from '../problem.ts'
import type * as schemas from '../schemas/processes.ts'
import { iso, isoOrNull, noProcess, type Observing } from './observing.ts'

export interface ProcessesQuery {
  readonly sort: ProcessOrder
  readonly behaviour?: string
  readonly supervisor?: string
  readonly node?: string
  readonly name?: string
  readonly limit: number
  readonly after?: string
  /** Whether the rows tell how large their states are. */
  readonly stateBytes?: boolean
}

export function badCursor(after: string): Refusal {
  return new Refusal(
    400,
    'ERR_OTP_HTTP_INVALID',
    `after: expected the "next" of an earlier answer, got ${JSON.stringify(after.slice(0, 100))}`,
  )
}

export async function processes(observing: Observing, query: ProcessesQuery): Promise<z.infer<typeof schemas.processes>> {
  const { sort, behaviour, supervisor, node, name, limit } = query
  const after = query.after === undefined ? undefined : parsePlace(query.after)
  if (query.after !== undefined && after === undefined) throw badCursor(query.after)
  const asked = { sort, behaviour, supervisor, name, limit, after }
  const { answers, answered, missing } = await observing.all('processes', asked, node)
  const rows = answers
    .flatMap(({ node: on, value }) => value.rows.map(({ place, row }) => ({ place, row: { node: on, ...row } })))
    .sort((a, b) => comparePlaces(a.place, b.place))
  const page = rows.slice(0, limit)
  const matching = answers.reduce((sum, { value }) => sum + value.matching, 0)
  const last = page.at(-1)
  const sizes = query.stateBytes === true ? await stateSizes(observing, page) : undefined
  // A node that filled its own page may have more behind it.
  const isMore = rows.length > limit || answers.some(({ value }) => value.rows.length === limit)
  return {
    ...observing.about(),
    processes: page.map(({ row }) => ({ ...row, stateBytes: sizes?.get(row.pid) ?? null })),
    next: isMore && last !== undefined ? printPlace(last.place) : null,
    matching,
    windowMs: Math.max(0, ...answers.map(({ value }) => value.windowMs)),
    answered: [...answered],
    missing: [...missing],
  }
}

/** By pid, asked for when it is clear which rows are told. Of a node that does not answer that, nothing is known. */
async function stateSizes(observing: Observing, page: readonly { readonly row: { readonly pid: string } }[]) {
  const pids = page.map(({ row }) => row.pid)
  const byNode = Map.groupBy(pids, (pid) => parsePid(pid).node)
  const sizes = new Map<string, number | null>()
  await Promise.all(
    [...byNode].map(async ([id, its]) => {
      const answer = await observing.asking.one(id, 'stateBytes', its)
      if (answer.ok) for (const [index, size] of answer.value.entries()) sizes.set(its[index] as string, size)
    }),
  )
  return sizes
}

export const crashOf = ({ at, ...report }: CrashReport): z.infer<typeof schemas.crash> => ({
  ...report,
  at: iso(at),
  flight: [...report.flight],
})

export async function processDetails(observing: Observing, pid: string): Promise<z.infer<typeof schemas.process>> {
  const id = observing.nodeOf(pid)
  const found = await observing.one(id, 'process', pid)
  if (found === undefined) throw noProcess(pid)
  const { lastCrash, ...process } = found
  return {
    ...observing.about(),
    process: {
      node: id.slice(0, id.indexOf('.')),
      ...process,
      linkedWith: [...process.linkedWith],
      monitoring: [...process.monitoring],
      monitoredByPids: [...process.monitoredByPids],
      names: [...process.names],
      messages: [...process.messages],
      flight: [...process.flight],
      lastCrash: lastCrash === null ? null : crashOf(lastCrash),
    },
  }
}

export async function processState(observing: Observing, pid: string): Promise<z.infer<typeof schemas.state>> {
  const view = await observing.one(observing.nodeOf(pid), 'state', pid, 2000)
  if (view.ok) {
    const { behaviour, value: state, bytes, truncated } = view
    return { ...observing.about(), pid, behaviour, state, bytes, truncated }
  }
  const { reason, behaviour, detail } = view
  if (reason === 'not_shown') {
    throw new Refusal(
      403,
      'ERR_OTP_HTTP_STATE_NOT_SHOWN',
      `${behaviour} does not say what may be seen of its state; give it observe: { state }`,
    )
  }
  if (reason === 'redactor_failed')
    throw new Refusal(503, 'ERR_OTP_HTTP_STATE_NOT_SHOWN', `what ${behaviour} shows of its state failed: ${detail}`)
  if (reason === 'timeout') throw new Refusal(504, 'ERR_OTP_HTTP_PROCESS_SILENT', `${pid} did not come to it within 1 s`)
  throw noProcess(pid)
}

export interface TreeQuery {
  readonly node?: string
  readonly root?: string
  readonly depth?: number
  readonly limit: number
  readonly after?: string
}

export async function tree(observing: Observing, { node, root, depth, limit, after }: TreeQuery): Promise<z.infer<typeof schemas.tree>> {
  const id = node === undefined ? observing.parts.cluster.id : observing.nodeNamed(node)
  const page = await observing.one(id, 'tree', { root, depth, limit, after: after === undefined ? undefined : placeIn(after) })
  if (!page.ok) throw new Refusal(404, 'ERR_OTP_HTTP_NO_SUCH_PROCESS', `there is no supervisor ${JSON.stringify(root)} on that node`)
  const entries = page.entries.map(({ lastRestartAt, supervisor, ...entry }) => ({
    ...entry,
    lastRestartAt: isoOrNull(lastRestartAt),
    supervisor: supervisor === null ? null : supervisorPart(supervisor),
  }))
  const next = page.next === undefined ? null : printJson(page.next)
  return { ...observing.about(), of: id.slice(0, id.indexOf('.')), entries, next }
}

function supervisorPart(supervisor: SupervisorSnapshot) {
  const { supervisor: path, pid: _, children, ...limits } = supervisor
  return { path, ...children, ...limits }
}

function placeIn(after: string): TreePlace {
  const place = parseJson(after)
  if (Array.isArray(place) && place.length > 0 && place.length <= 100 && place.every(isStep)) return place
  throw badCursor(after)
}

const isStep = (step: unknown): step is TreePlace[number] =>
  Array.isArray(step) && step.length === 2 && typeof step[0] === 'string' && Number.isSafeInteger(step[1]) && step[1] >= 0

export interface SupervisorsQuery {
  readonly node?: string
  readonly prefix: string
  readonly limit: number
  readonly after?: string
}

export async function supervisors(
  observing: Observing,
  { node, prefix, limit, after }: SupervisorsQuery,
): Promise<z.infer<typeof schemas.supervisors>> {
  const place = after === undefined ? undefined : supervisorPlaceIn(after)
  const { answers, answered, missing } = await observing.all('supervisors', { prefix, limit: limit + 1, after: place }, node)
  const rows = answers
    .flatMap(({ node: on, value }) => value.map((each) => ({ node: on, ...each })))
    .sort((a, b) => compareSupervisors(supervisorPlace(a, a.node), supervisorPlace(b, b.node)))
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    ...observing.about(),
    supervisors: page.map((row) => ({ ...row, recent: row.recent.map(({ at, ...each }) => ({ ...each, at: iso(at) })) })),
    next: rows.length > limit && last !== undefined ? printJson(supervisorPlace(last, last.node)) : null,
    answered: [...answered],
    missing: [...missing],
  }
}

function supervisorPlaceIn(after: string): SupervisorPlace {
  const { path, node, serial } = (parseJson(after) ?? {}) as Partial<SupervisorPlace>
  if (typeof path === 'string' && typeof node === 'string' && Number.isSafeInteger(serial)) return { path, node, serial: Number(serial) }
  throw badCursor(after)
}

/** Cursors that hold more than a number are JSON in an alphabet that needs no quoting in an address. */
function printJson(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch {
    return undefined
  }
}
