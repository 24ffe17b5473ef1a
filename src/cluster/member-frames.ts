// What nodes tell each other of members, checked when it comes in. Pure.
import type { NodeId } from '#process'
import { BadFrame, list, text, whole } from './frame-check.ts'
import type { GossipEntry } from './membership.ts'
import { parseNodeId } from './node-name.ts'

/** Who is a member, where it listens, which behaviours it can start, and in which zone it is. */
export interface Introduction {
  readonly id: NodeId
  readonly address: string
  readonly offers: readonly string[] | undefined
  readonly zone: string
}

export function nodeIdIn(value: unknown): NodeId {
  const id = text(value, 'node id')
  if (parseNodeId(id) === undefined) throw new BadFrame(`expected a node id such as n1.lq3f9a, got ${JSON.stringify(id.slice(0, 80))}`)
  return id
}

export function gossipIn(value: unknown): GossipEntry[] {
  return list(value, 'gossip').map((entry) => {
    const [id, heartbeat, ageMs, flags] = list(entry, 'gossip entry')
    return [nodeIdIn(id), whole(heartbeat, 'heartbeat'), whole(ageMs, 'age'), whole(flags, 'flags')]
  })
}

export function introductionsIn(value: unknown): Introduction[] {
  return list(value, 'introductions').map((entry) => {
    const [id, address, offers, zone] = list(entry, 'introduction')
    return {
      id: nodeIdIn(id),
      address: text(address, 'address'),
      offers: offers === null ? undefined : offersIn(offers),
      zone: zoneIn(zone),
    }
  })
}

export function offersIn(value: unknown): string[] {
  return list(value, 'behaviours').map((name) => text(name, 'behaviour'))
}

/** Nodes of an older release say nothing of it. */
export function zoneIn(value: unknown): string {
  return value === undefined || value === null ? '' : text(value, 'zone')
}
