// Records as they go over the wire, and the check of those that come from it. Pure.
import { BadFrame, list, text, whole } from '#cluster'
import { type Backoff, checkBackoff } from '#otp'
import type { NodeId } from '#process'
import type { Section } from './directory.ts'
import type { Failures } from './failures.ts'
import type { ChildData, DirectoryRecord } from './record.ts'

/** A record without its writer, which a section names once. */
export type WireRecord = readonly unknown[]

/** A name, a name with a value, a child, a child with the rarer part of its data, one that came by a handoff, one of another founder. */
const LENGTHS = [9, 10, 12, 15, 16, 17]
const RESTARTS = ['permanent', 'transient', 'temporary'] as const

/** 9 items of every record; then a name's value, or a child's data and, if it has any, the rarer part of them. */
export function encodeRecord(record: DirectoryRecord): WireRecord {
  const { key, gen, ended, epoch, claimedAt, owner, serial, behaviour, child, value, handoff, founder, version } = record
  const flag = ended ? 1 : 0
  if (child === undefined) {
    return value === undefined
      ? [key, gen, flag, epoch, claimedAt, owner, serial, behaviour, version]
      : [key, gen, flag, epoch, claimedAt, owner, serial, behaviour, version, value]
  }
  const { argument, shutdown = null, startTimeoutMs = null, backoff = null, failures } = child
  const restart = RESTARTS.indexOf(child.restart)
  const wire = [key, gen, flag, epoch, claimedAt, owner, serial, behaviour, version, argument, restart, shutdown]
  const isRarer = startTimeoutMs !== null || backoff !== null || failures !== undefined
  if (isRarer || handoff !== undefined || founder !== undefined) {
    wire.push(startTimeoutMs, backoff, failures === undefined ? null : encodeFailures(failures))
  }
  if (handoff !== undefined || founder !== undefined) wire.push(handoff ?? null)
  if (founder !== undefined) wire.push(founder)
  return wire
}

function encodeFailures({ count, on, reason, at, waitMs, isQuarantined }: Failures): readonly unknown[] {
  return [count, on, reason, at, waitMs, isQuarantined ? 1 : 0]
}

export function encodeSection(section: Section): unknown[] {
  return [section.writer, section.base, section.to, section.records.map(encodeRecord)]
}

/** Ids and behaviours repeat in every record: one string each is kept. */
const interned = new Map<string, string>()
function intern(value: string): string {
  const known = interned.get(value)
  if (known !== undefined) return known
  if (interned.size > 10_000) interned.clear()
  interned.set(value, value)
  return value
}

/** Throws `BadFrame` for what is no record. */
export function decodeRecord(value: unknown, writer: NodeId): DirectoryRecord {
  const wire = list(value, 'record')
  if (!LENGTHS.includes(wire.length)) throw new BadFrame(`expected a record of ${LENGTHS.join(' or ')} items, got ${wire.length}`)
  const [key, gen, ended, epoch, claimedAt, owner, serial, behaviour, version] = wire
  return {
    key: text(key, 'key'),
    gen: whole(gen, 'gen'),
    ended: whole(ended, 'ended') === 1,
    epoch: whole(epoch, 'epoch'),
    claimedAt: whole(claimedAt, 'claim time'),
    owner: intern(text(owner, 'owner')),
    serial: whole(serial, 'serial'),
    behaviour: intern(text(behaviour, 'behaviour')),
    child: wire.length >= 12 ? decodeChild(wire) : undefined,
    value: wire.length === 10 ? wire[9] : undefined,
    ...(isAbsent(wire[15]) ? {} : { handoff: text(wire[15], 'handoff') }),
    ...(wire.length === 17 ? { founder: intern(text(wire[16], 'founder')) } : {}),
    writer,
    version: whole(version, 'version'),
  }
}

function decodeChild(wire: WireRecord): ChildData {
  const restart = RESTARTS[whole(wire[10], 'restart')]
  if (restart === undefined) throw new BadFrame('expected a restart type')
  const [startTimeoutMs, backoff, failures] = wire.slice(12)
  return {
    argument: wire[9],
    restart,
    shutdown: decodeShutdown(wire[11]),
    startTimeoutMs: isAbsent(startTimeoutMs) ? undefined : whole(startTimeoutMs, 'start time-out'),
    backoff: isAbsent(backoff) ? undefined : decodeBackoff(backoff),
    failures: isAbsent(failures) ? undefined : decodeFailures(failures),
  }
}

const isAbsent = (value: unknown) => value === null || value === undefined

function decodeShutdown(value: unknown): ChildData['shutdown'] {
  if (isAbsent(value)) return undefined
  return value === 'brutal_kill' || value === 'infinity' ? value : whole(value, 'shutdown')
}

function decodeBackoff(value: unknown): Backoff {
  if (typeof value !== 'object') throw new BadFrame(`expected a back-off, got ${typeof value}`)
  try {
    checkBackoff(value as Backoff)
  } catch (error) {
    throw new BadFrame((error as Error).message)
  }
  return value as Backoff
}

function decodeFailures(value: unknown): Failures {
  const [count, on, reason, at, waitMs, quarantined] = list(value, 'failures')
  return {
    count: whole(count, 'count of failures'),
    on: list(on, 'nodes').map((node) => intern(text(node, 'node'))),
    reason: text(reason, 'reason'),
    at: whole(at, 'time of a failure'),
    waitMs: whole(waitMs, 'wait'),
    isQuarantined: whole(quarantined, 'quarantine') === 1,
  }
}

export function decodeSection(value: unknown): Section {
  const [writer, base, to, records] = list(value, 'section')
  return sectionOf(intern(text(writer, 'writer')), base, to, records)
}

export function sectionOf(writer: NodeId, base: unknown, to: unknown, records: unknown): Section {
  return {
    writer,
    base: whole(base, 'base'),
    to: whole(to, 'to'),
    records: list(records, 'records').map((record) => decodeRecord(record, writer)),
  }
}
