// Pure. Holds source files against the floor plan: who may import whom, which files may touch the clock, and how a file looks.
import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { type Import, type Module, readModule } from './module.ts'

/** One row of the table: the places that make up the room, and the doors that it may import. The longest matching place decides. */
export interface Room {
  readonly at: string | readonly string[]
  readonly sees: readonly string[]
  /** Places outside the room that may be reached by a relative path: for the files that assemble rooms. */
  readonly reaches?: readonly string[]
  /** Its folders, from the ground up: one sees the files of those before it. Folders that are not listed see none. */
  readonly folders?: readonly string[]
}

export interface FloorPlan {
  readonly rooms: Readonly<Record<string, Room>>
  /** Door -> the file behind it, from package.json's "imports". */
  readonly doors: Readonly<Record<string, string>>
  /** The file whose exports are the public API. */
  readonly publicDoor: string
  /** Package (`@scope/` for a whole scope) or Node module -> the places that may import it. A package without a row is refused, a Node module is free. */
  readonly guarded: Readonly<Record<string, readonly string[]>>
  /** Global, or `object.property` -> the places that may use it. `Date()` is a date of now. */
  readonly globals: Readonly<Record<string, readonly string[]>>
  readonly maxLines: number
}

export interface SourceFile {
  readonly path: string
  readonly source: string
}

export const rules = [
  'parse',
  'place',
  'direction',
  'own door',
  'door',
  'parent folder',
  'package',
  'node module',
  'computed import',
  'global',
  'length',
  'first line',
  'cycle',
  'unused door export',
] as const

export type Rule = (typeof rules)[number]

export interface Violation {
  readonly rule: Rule
  readonly path: string
  readonly line: number
  readonly message: string
}

/** Every breach of the plan in `files`. `users` (tests, benchmarks) are not judged: they only count as users of what a door exports. */
export function checkFloorPlan(plan: FloorPlan, files: readonly SourceFile[], users: readonly SourceFile[] = []): Violation[] {
  const modules = files.map((file) => readModule(file.path, file.source))
  const others = users.map((file) => readModule(file.path, file.source))
  return [
    ...modules.flatMap((module) => [...checkShape(plan, module), ...checkImports(plan, module), ...checkGlobals(plan, module)]),
    ...checkCycles(plan, modules),
    ...checkUnused(plan, modules, others),
  ]
}

/** The name of the room that `path` belongs to. */
export function roomOf(plan: FloorPlan, path: string): string | undefined {
  let found: string | undefined
  let longest = 0
  for (const [name, room] of Object.entries(plan.rooms)) {
    for (const place of [room.at].flat()) {
      if (place.length <= longest || !isIn(path, place)) continue
      found = name
      longest = place.length
    }
  }
  return found
}

/** A place is a folder (`src/base/`) with all that is under it, or one file. */
function isIn(path: string, place: string): boolean {
  return place.endsWith('/') ? path.startsWith(place) : path === place
}

function checkShape(plan: FloorPlan, module: Module): Violation[] {
  const { path } = module
  const found: Violation[] = []
  if (module.error !== undefined) found.push({ rule: 'parse', path, line: 1, message: module.error })
  if (roomOf(plan, path) === undefined) found.push({ rule: 'place', path, line: 1, message: 'lies in no room of the table' })
  if (module.lines > plan.maxLines) {
    found.push({ rule: 'length', path, line: module.lines, message: `${module.lines} lines, the limit is ${plan.maxLines}: split it` })
  }
  if (!/^\/\/ \S+(?: \S+){2,}$/.test(module.firstLine)) {
    found.push({ rule: 'first line', path, line: 1, message: 'does not open with a // comment that says what the file is' })
  }
  return found
}

function checkImports(plan: FloorPlan, module: Module): Violation[] {
  const { path } = module
  const name = roomOf(plan, path)
  const room = name === undefined ? undefined : plan.rooms[name]
  if (name === undefined || room === undefined) return []
  return module.imports.flatMap(({ specifier, line }): Violation[] => {
    const refuse = (rule: Rule, message: string): Violation[] => [{ rule, path, line, message }]
    if (specifier === undefined) return refuse('computed import', 'imports a path that is only known at run time')
    if (specifier.startsWith('#')) {
      const behind = plan.doors[specifier]
      if (behind === undefined) return refuse('door', `'${specifier}' is no room's door`)
      if (roomOf(plan, behind) === name)
        return refuse('own door', `'${specifier}' is its own room's door: inside a room use a relative path`)
      if (!room.sees.includes(specifier)) return refuse('direction', `${name} may not see ${specifier}`)
      return []
    }
    if (specifier.startsWith('.')) {
      const target = resolve(plan, path, specifier)
      if (roomOf(plan, target) !== name) {
        if (room.reaches?.some((place) => isIn(target, place))) return []
        return refuse('door', `'${specifier}' goes past the door of ${roomOf(plan, target) ?? target}`)
      }
      if (isDownhill(room, path, target)) return []
      // Up to a file of an enclosing folder of the same room, never down again into a sibling.
      return /^(?:\.\.\/)+(?!\.\.\/)[^/]+\/|[^.]\/\.\.\//.test(specifier)
        ? refuse('parent folder', `'${specifier}' leads through a parent folder into another one`)
        : []
    }
    return isBuiltin(specifier)
      ? checkGuarded(plan, module, 'node module', specifier.startsWith('node:') ? specifier : `node:${specifier}`, line)
      : checkGuarded(plan, module, 'package', specifier, line)
  })
}

/** Whether both lie in listed folders of the room, and the target in the lower one. */
function isDownhill(room: Room, path: string, target: string): boolean {
  const levelOf = (file: string) => room.folders?.findIndex((folder) => isIn(file, `${String(room.at)}${folder}/`)) ?? -1
  const level = levelOf(target)
  return level !== -1 && level < levelOf(path)
}

function checkGuarded(plan: FloorPlan, module: Module, rule: 'package' | 'node module', specifier: string, line: number): Violation[] {
  const key = Object.keys(plan.guarded).find((guarded) =>
    guarded.endsWith('/') ? specifier.startsWith(guarded) : specifier === guarded || specifier.startsWith(`${guarded}/`),
  )
  if (key === undefined && rule === 'node module') return []
  const places = key === undefined ? [] : (plan.guarded[key] ?? [])
  if (places.some((place) => isIn(module.path, place))) return []
  const message = key === undefined ? `'${specifier}' has no row in the table` : `'${specifier}' belongs to ${places.join(', ')} only`
  return [{ rule, path: module.path, line, message }]
}

function checkGlobals(plan: FloorPlan, module: Module): Violation[] {
  return module.globals.flatMap(({ name, line }): Violation[] => {
    const places = plan.globals[name]
    if (places === undefined || places.some((place) => isIn(module.path, place))) return []
    return [{ rule: 'global', path: module.path, line, message: `${name} belongs to ${places.join(', ')} only` }]
  })
}

/** No cycle of files at run time, and none between rooms even of types; types of one room may know each other. */
function checkCycles(plan: FloorPlan, modules: readonly Module[]): Violation[] {
  const atRunTime = knots(plan, modules, (edge) => !edge.typeOnly)
  const ofTypes = knots(plan, modules, () => true).filter((knot) => new Set(knot.map((path) => roomOf(plan, path))).size > 1)
  const seen = new Set(atRunTime.map(String))
  return [...atRunTime, ...ofTypes.filter((knot) => !seen.has(String(knot)))].map((knot) => ({
    rule: 'cycle',
    path: knot[0] ?? '',
    line: 1,
    message: `files that import each other: ${knot.join(' <-> ')}`,
  }))
}

/** The sets of files that reach each other: Tarjan's strongly connected components, without the trivial ones. */
function knots(plan: FloorPlan, modules: readonly Module[], follow: (edge: Import) => boolean): string[][] {
  const edges = new Map(
    modules.map((module) => [
      module.path,
      module.imports.flatMap((edge) => (follow(edge) && edge.specifier !== undefined ? [resolve(plan, module.path, edge.specifier)] : [])),
    ]),
  )
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []
  const visit = (path: string): number => {
    const own = index.size
    index.set(path, own)
    low.set(path, own)
    stack.push(path)
    for (const next of edges.get(path) ?? []) {
      if (!edges.has(next)) continue
      const reached = index.has(next) ? (stack.includes(next) ? index.get(next) : undefined) : visit(next)
      if (reached !== undefined) low.set(path, Math.min(low.get(path) ?? own, reached))
    }
    if (low.get(path) === own) {
      const knot = stack.splice(stack.indexOf(path)).toSorted()
      if (knot.length > 1 || edges.get(path)?.includes(path)) found.push(knot)
    }
    return low.get(path) ?? own
  }
  for (const path of edges.keys()) if (!index.has(path)) visit(path)
  return found
}

/** Values that a room exports through its door and nobody imports. The public API is for others. */
function checkUnused(plan: FloorPlan, modules: readonly Module[], users: readonly Module[]): Violation[] {
  return modules.flatMap((door) => {
    if (door.path === plan.publicDoor || !Object.values(plan.doors).includes(door.path)) return []
    const used = new Set<string>()
    for (const module of [...modules, ...users]) {
      for (const edge of module.imports) {
        if (edge.specifier !== undefined && resolve(plan, module.path, edge.specifier) === door.path)
          for (const name of edge.names) used.add(name)
      }
    }
    if (used.has('*')) return []
    return door.exports
      .filter(({ name }) => !used.has(name))
      .map(({ name, line }): Violation => ({ rule: 'unused door export', path: door.path, line, message: `nobody imports '${name}'` }))
  })
}

function resolve(plan: FloorPlan, from: string, specifier: string): string {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier)
  return plan.doors[specifier] ?? specifier.replace(/^#(test|src)\//, '$1/')
}
