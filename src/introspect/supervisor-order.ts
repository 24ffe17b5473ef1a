// In which order supervisors of all nodes are listed, and where a reader of the list stands. Pure.

/** Paths are labels: supervisors under a dynamic one may have the same. Serial 0: it has ended. */
export interface SupervisorPlace {
  readonly path: string
  readonly node: string
  readonly serial: number
}

/** Negative if `a` comes first. */
export function compareSupervisors(a: SupervisorPlace, b: SupervisorPlace): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1
  if (a.node !== b.node) return a.node < b.node ? -1 : 1
  return a.serial - b.serial
}

export function supervisorPlace(supervisor: { readonly supervisor: string; readonly pid: string | null }, node: string): SupervisorPlace {
  const { supervisor: path, pid } = supervisor
  return { path, node, serial: pid === null ? 0 : Number(pid.slice(pid.lastIndexOf('.') + 1)) }
}
