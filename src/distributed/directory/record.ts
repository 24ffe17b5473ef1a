// A directory record: who owns a name, in which of its births, and the one total order that decides between two claims. Pure.
import type { Backoff } from '#otp'
import type { NodeId } from '#process'
import type { Failures } from './failures.ts'

/** What it takes to start a child anywhere, beside its behaviour's name: plain data. And how it has fared. */
export interface ChildData {
  readonly argument: unknown
  readonly restart: 'permanent' | 'transient' | 'temporary'
  readonly shutdown: number | 'brutal_kill' | 'infinity' | undefined
  readonly startTimeoutMs?: number | undefined
  readonly backoff?: Backoff | undefined
  /** Set from its first failure on a node until it is released, or runs well for long and fails again. */
  readonly failures?: Failures | undefined
}

export interface DirectoryRecord {
  readonly key: string
  /** One birth of the name: higher than every birth of any name that its writer had seen. */
  readonly gen: number
  /** The birth is over. It beats every live claim of that birth. */
  readonly ended: boolean
  /** Raised by takeover and handoff; a restart on the same node keeps it. */
  readonly epoch: number
  /** Wall clock of the claim, ms: decides only between equal epochs, so skew can be unfair but never unsafe. */
  readonly claimedAt: number
  readonly owner: NodeId
  /** The node that began this birth, where it is not its owner: two births of one number are told apart by it. */
  readonly founder?: NodeId | undefined
  /** Serial of the process on its owner's node; 0 while nothing runs: a child on its way, or in quarantine, or a setting. */
  readonly serial: number
  readonly behaviour: string
  /** Set for supervised children; a name that a process registered for itself has none and is never taken over. */
  readonly child: ChildData | undefined
  /** What was registered with a name, or a setting's value. */
  readonly value?: unknown
  /** The handoff by which its owner got the child: whoever gave it away learns from the record, too, that it is there. */
  readonly handoff?: string | undefined
  /** Which node wrote this record, and its how-manieth record it was: its place in that node's section. */
  readonly writer: NodeId
  readonly version: number
}

/** A record before its writer has stamped it. */
export type Claim = Omit<DirectoryRecord, 'writer' | 'version'>

/** Settings of the cluster are records too, under keys that no name can have: they belong to no node, and last until they are overwritten. */
export const SETTING = '\0'

export function isSetting(record: DirectoryRecord): boolean {
  return record.key.charCodeAt(0) === 0
}

/** One birth, and no other: two nodes that did not know of each other may have begun births of one number. */
export function birthOf({ gen, founder, owner }: Pick<DirectoryRecord, 'gen' | 'founder' | 'owner'>): { gen: number; founder: NodeId } {
  return { gen, founder: founder ?? owner }
}

export function isOfSameBirth(a: DirectoryRecord, b: DirectoryRecord): boolean {
  return a.gen === b.gen && (a.founder ?? a.owner) === (b.founder ?? b.owner)
}

/** A child that failed wherever it went: its name stays claimed, and nothing runs until it is released. */
export function isQuarantined(record: DirectoryRecord): boolean {
  return record.child?.failures?.isQuarantined === true
}

/**
 * Positive if `a` beats `b`: later birth, then ended over live, then higher epoch, then older claim, then lower owner; from one writer the later
 * word. Who writes a claim again keeps its time: a claim at another time has another epoch.
 */
export function compareRecords(a: DirectoryRecord, b: DirectoryRecord): number {
  if (a.gen !== b.gen) return a.gen - b.gen
  if (a.ended !== b.ended) return a.ended ? 1 : -1
  if (a.epoch !== b.epoch) return a.epoch - b.epoch
  if (a.claimedAt !== b.claimedAt) return b.claimedAt - a.claimedAt
  if (a.owner !== b.owner) return a.owner < b.owner ? 1 : -1
  if (a.writer !== b.writer) return a.writer < b.writer ? 1 : -1
  return a.version - b.version
}

/** 32 bits (FNV-1a with a final mix); equal records hash alike on every node. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i)
    hash = Math.imul(hash, 0x01000193)
  }
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}

export function hashRecord(record: DirectoryRecord): number {
  return hashText(`${record.key}\n${record.gen}/${record.epoch}/${record.owner}.${record.serial}/${record.writer}:${record.version}`)
}
