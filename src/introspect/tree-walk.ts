// The supervision tree of one node, page by page: each entry stands after its supervisor.
import { type Child, Supervision } from '#otp'
import type { Pid, Process, Runtime } from '#process'
import type { History } from './history.ts'
import { type SupervisorSnapshot, supervisorSnapshot } from './node-snapshot.ts'

export interface TreeQuery {
  /** Pid or path of a supervisor; default: all that have none above them. */
  readonly root?: string | undefined
  /** Levels under the root. */
  readonly depth?: number | undefined
  readonly limit: number
  readonly after?: TreePlace | undefined
}

/** The way to an entry: from the root down, the id of each child and its place among its siblings, in case it is gone. */
export type TreePlace = readonly (readonly [id: string, index: number])[]

export interface TreeEntry {
  readonly depth: number
  readonly parent: string | null
  readonly id: string
  readonly pid: string | null
  readonly status: 'running' | 'suspended' | 'restarting' | 'stopped'
  readonly type: 'worker' | 'supervisor'
  readonly behaviour: string
  readonly mailbox: number
  readonly oldestMs: number
  readonly handlingMs: number
  readonly restarts: number
  /** Wall clock, ms. */
  readonly lastRestartAt: number | null
  readonly supervisor: SupervisorSnapshot | null
}

export type TreePage =
  | { readonly ok: true; readonly entries: readonly TreeEntry[]; readonly next: TreePlace | undefined }
  | { readonly ok: false; readonly reason: 'no_such_supervisor' }

/** One level of the walk: where it stands among the children of a supervisor. */
interface Level {
  readonly parent: Pid
  child: Child | undefined
  index: number
}

export function treePage(runtime: Runtime, history: History, query: TreeQuery): TreePage {
  const { root, limit, after, depth = Number.POSITIVE_INFINITY } = query
  const roots = root === undefined ? topSupervisors(runtime) : supervisorsAt(runtime, root)
  if (roots.length === 0) return { ok: false, reason: 'no_such_supervisor' }
  const walk = new TreeWalk(roots, depth, history)
  if (after !== undefined) walk.goBehind(after)
  const entries: TreeEntry[] = []
  let place: TreePlace = []
  for (let entry = walk.next(); entry !== undefined; entry = walk.next()) {
    if (entries.length === limit) return { ok: true, entries, next: place }
    entries.push(entry)
    place = walk.place()
  }
  return { ok: true, entries, next: undefined }
}

class TreeWalk {
  readonly #roots: readonly Process[]
  readonly #depth: number
  readonly #history: History
  /** The next root, and the levels under the last one. */
  #root = 0
  #levels: Level[] = []
  /** Which child of each level was answered last. */
  #way: [string, number][] = []

  constructor(roots: readonly Process[], depth: number, history: History) {
    this.#roots = roots
    this.#depth = depth
    this.#history = history
  }

  /** The way to the last entry. */
  place(): TreePlace {
    return this.#way.map(([id, index]) => [id, index] as const)
  }

  next(): TreeEntry | undefined {
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      const { child, parent, index } = level
      if (child === undefined) {
        this.#levels.pop()
        continue
      }
      const depth = this.#levels.length
      level.child = child.later
      level.index = index + 1
      this.#way.splice(depth, Number.POSITIVE_INFINITY, [child.spec.id, index])
      const process = child.pid?.process
      this.#descend(process)
      return this.#childEntry(child, process, parent, depth)
    }
    const root = this.#roots[this.#root]
    if (root === undefined) return undefined
    this.#way = [[root.pid.toString(), this.#root++]]
    this.#descend(root)
    return this.#rootEntry(root)
  }

  #descend(process: Process | undefined): void {
    const supervision = supervisionOf(process)
    if (supervision === undefined || this.#levels.length >= this.#depth) return
    this.#levels.push({ parent: supervision.self.pid, child: supervision.children.first, index: 0 })
  }

  /** Goes on behind an entry of an earlier page, or, where that is gone, behind where it stood. */
  goBehind([first, ...rest]: TreePlace): void {
    if (first === undefined) return
    const [pid, index] = first
    const found = this.#roots.findIndex((root) => root.pid.toString() === pid)
    const at = found === -1 ? index : found
    this.#root = at + 1
    this.#way = [[pid, at]]
    let process = found === -1 ? undefined : this.#roots[found]
    for (const step of rest) {
      const supervision = supervisionOf(process)
      if (supervision === undefined) return
      const child = this.#enter(supervision, step)
      process = child?.pid?.process
    }
    this.#descend(process)
  }

  #enter(supervision: Supervision, [id, index]: readonly [string, number]): Child | undefined {
    const child = supervision.children.get(id)
    let next = child?.later
    if (child === undefined) {
      next = supervision.children.first
      for (let skipped = 0; skipped < index && next !== undefined; skipped++) next = next.later
    }
    this.#levels.push({ parent: supervision.self.pid, child: next, index: child === undefined ? index : index + 1 })
    this.#way.push([id, index])
    return child
  }

  #rootEntry(process: Process): TreeEntry {
    const { origin } = process
    return {
      depth: 0,
      parent: origin.parent?.pid.toString() ?? null,
      id: origin.child ?? supervisionOf(process)?.path ?? process.body.name,
      pid: process.pid.toString(),
      status: process.status === 'suspended' ? 'suspended' : 'running',
      type: 'supervisor',
      behaviour: process.body.name,
      ...load(process),
      ...restartsIn(this.#history.restartsOfChild(process.pid)),
      supervisor: supervisorSnapshot(process) ?? null,
    }
  }

  #childEntry(child: Child, process: Process | undefined, parent: Pid, depth: number): TreeEntry {
    return {
      depth,
      parent: parent.toString(),
      id: child.spec.id,
      pid: process === undefined ? null : process.pid.toString(),
      status: statusOf(child, process),
      type: child.isSupervisor ? 'supervisor' : 'worker',
      behaviour: child.spec.start[0].name,
      ...load(process),
      ...restartsIn(this.#history.restartsOf(child)),
      supervisor: process?.body.supervises === true ? (supervisorSnapshot(process) ?? null) : null,
    }
  }
}

const restartsIn = ({ count, lastAt }: { count: number; lastAt: number | null }) => ({ restarts: count, lastRestartAt: lastAt })

const load = (process: Process | undefined) => ({
  mailbox: process?.depth ?? 0,
  oldestMs: process?.oldestMs ?? 0,
  handlingMs: process?.handlingMs ?? 0,
})

function statusOf(child: Child, process: Process | undefined): TreeEntry['status'] {
  if (process !== undefined) return process.status === 'suspended' ? 'suspended' : 'running'
  return child.isActive ? 'restarting' : 'stopped'
}

function supervisionOf(process: Process | undefined): Supervision | undefined {
  if (process?.body.supervises !== true) return undefined
  const { supervision } = (process.state ?? {}) as { supervision?: unknown }
  return supervision instanceof Supervision ? supervision : undefined
}

const topSupervisors = (runtime: Runtime) => [...runtime.supervisors].filter(({ origin }) => origin.supervisor === undefined)

const supervisorsAt = (runtime: Runtime, root: string) =>
  [...runtime.supervisors].filter((process) => process.pid.toString() === root || supervisionOf(process)?.path === root).slice(0, 1)
