// Which nodes of the cluster may be given children: all of them, or those that somebody has listed.
import { CodedError } from '#base'
import { type Cluster, nodeName } from '#cluster'
import type { NodeId } from '#process'
import type { Settings } from '../directory/settings.ts'

/** `auto`: every node of the cluster; or the names of nodes. */
export type MemberList = 'auto' | readonly string[]

/** The setting under which the list is shared. */
export const MEMBERS = 'members'

export class Members {
  readonly #cluster: Cluster
  readonly #settings: Settings
  readonly #initial: MemberList

  /** `initial` holds until somebody sets the list; every node should be given the same. */
  constructor(cluster: Cluster, settings: Settings, initial: MemberList = 'auto') {
    this.#cluster = cluster
    this.#settings = settings
    this.#initial = checkMembers(initial)
  }

  /** What was set last, anywhere in the cluster. */
  get list(): MemberList {
    return (this.#settings.get(MEMBERS) as MemberList | undefined) ?? this.#initial
  }

  /** Sets the list for all nodes; answers the version that a peer has to acknowledge. Throws `ERR_OTP_DISTRIBUTED_BAD_MEMBERS`. */
  set(members: MemberList): number {
    return this.#settings.put(MEMBERS, checkMembers(members)).version
  }

  has(id: NodeId): boolean {
    const { list } = this
    return list === 'auto' || list.includes(nodeName(id))
  }

  /** Who may be given something now: members that are alive, not on their way out, and able to start the behaviour, if one is named. */
  candidates(behaviour?: string): readonly NodeId[] {
    const { list } = this
    const candidates = this.#cluster.candidates(behaviour)
    return list === 'auto' ? candidates : candidates.filter((id) => list.includes(nodeName(id)))
  }
}

function checkMembers(members: unknown): MemberList {
  if (members === 'auto') return members
  if (Array.isArray(members) && members.every((name) => typeof name === 'string' && name !== '' && !name.includes('.'))) return members
  throw new CodedError(
    'ERR_OTP_DISTRIBUTED_BAD_MEMBERS',
    `expected members to be 'auto' or a list of names of nodes such as ['n1', 'n2'], got ${JSON.stringify(members)}`,
  )
}
