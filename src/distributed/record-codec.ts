// Records as they go over the wire, and the check of those that come from it. Pure.
import { BadFrame, list, text, whole } from '#cluster'
import type { NodeId } from '#process'
import type { Section } from './directory.ts'
import type { ChildData, DirectoryRecord } from './record.ts'

/** A record without its writer, which a section names once. */
export type WireRecord = readonly unknown[]

const RESTARTS = ['permanent', 'transient', 'temporary'] as const

export function encodeRecord(record: DirectoryRecord): WireRecord {
  const { key, gen, ended, epoch, claimedAt, owner, serial, behaviour, child, version } = record
  const head = [key, gen, ended ? 1 : 0, epoch, claimedAt, owner, serial, behaviour, version]
  return child === undefined ? head : [...head, child.argument, RESTARTS.indexOf(child.restart), child.shutdown ?? null]
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
  if (wire.length !== 9 && wire.length !== 12) throw new BadFrame(`expected a record of 9 or 12 items, got ${wire.length}`)
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
    child: wire.length === 12 ? decodeChild(wire) : undefined,
    writer,
    version: whole(version, 'version'),
  }
}

function decodeChild(wire: WireRecord): ChildData {
  const restart = RESTARTS[whole(wire[10], 'restart')]
  if (restart === undefined) throw new BadFrame('expected a restart type')
  return { argument: wire[9], restart, shutdown: decodeShutdown(wire[11]) }
}

function decodeShutdown(value: unknown): ChildData['shutdown'] {
  if (value === null || value === undefined) return undefined
  return value === 'brutal_kill' || value === 'infinity' ? value : whole(value, 'shutdown')
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
