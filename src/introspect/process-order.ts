// In which order processes are listed, which of them, and where a reader of the list stands. Pure.
import type { Process } from '#process'

/** `busy`: how long the message under way has been handled; `oldest`: how long the oldest message has waited. The most first. */
export type ProcessOrder = 'mailbox' | 'oldest' | 'rate' | 'handled' | 'busy' | 'restarts' | 'age'

export interface ProcessQuery {
  readonly sort: ProcessOrder
  readonly behaviour?: string | undefined
  /** The beginning of its supervisor's path. */
  readonly supervisor?: string | undefined
  /** Part of its name, label, child id or pid. */
  readonly name?: string | undefined
  readonly limit: number
  readonly after?: ProcessPlace | undefined
}

/** Where a row stands among those of all nodes. */
export interface ProcessPlace {
  readonly key: number
  /** The second key: lists by mailbox have the busiest first among those with as many messages. */
  readonly tie: number
  readonly node: string
  readonly serial: number
}

/** Negative if `a` comes first. */
export function comparePlaces(a: ProcessPlace, b: ProcessPlace): number {
  if (a.key !== b.key) return b.key - a.key
  if (a.tie !== b.tie) return b.tie - a.tie
  if (a.node !== b.node) return a.node < b.node ? -1 : 1
  return a.serial - b.serial
}

export function matches({ behaviour, supervisor, name }: ProcessQuery, process: Process): boolean {
  if (behaviour !== undefined && process.body.name !== behaviour) return false
  const { origin } = process
  if (supervisor !== undefined && origin.supervisor?.startsWith(supervisor) !== true) return false
  if (name === undefined) return true
  const { registeredName = '', label = '' } = process
  return [registeredName, label, origin.child ?? '', process.pid.toString()].some((text) => text.includes(name))
}

/** A place as a cursor, and back; `undefined`: it is none. */
export function printPlace({ key, tie, node, serial }: ProcessPlace): string {
  return `${key}~${tie}~${node}.${serial}`
}

export function parsePlace(text: string): ProcessPlace | undefined {
  const match = /^(-?[0-9][0-9.e+-]{0,40})~(-?[0-9][0-9.e+-]{0,40})~([A-Za-z0-9_-]+\.[0-9a-z]+)\.([0-9]{1,15})$/.exec(text)
  const [, key, tie, node, serial] = match ?? []
  if (node === undefined || !Number.isFinite(Number(key)) || !Number.isFinite(Number(tie))) return undefined
  return { key: Number(key), tie: Number(tie), node, serial: Number(serial) }
}
