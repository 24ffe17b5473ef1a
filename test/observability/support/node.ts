// A node as telemetry sees it: a stream of facts, and a picture of its live structures.
import { EventStream, type NodeEvents, type NodeSnapshot } from '#otp-labs'

export const eventStream = () => new EventStream<NodeEvents>()

export const identity = { id: 'n1.lq3f9a', name: 'n1', version: '1.2.3', role: 'node', zone: 'a' }

/** One behaviour, one supervisor, two members, one link. */
export const snapshot = (changes: Partial<NodeSnapshot> = {}): NodeSnapshot => ({
  ...identity,
  incarnation: 'lq3f9a',
  uptimeMs: 61_000,
  draining: false,
  joined: true,
  processes: 3,
  behaviours: [
    {
      behaviour: 'lot',
      live: 3,
      handled: 100,
      calls: { ok: 90, error: 1, timeout: 2, noproc: 0, nodedown: 0 },
      tracedCalls: {},
      dropped: { drop_newest: 4, drop_oldest: 0, reject: 0 },
      mailboxMessages: 4,
      oldestMessageAgeMs: 250,
      longestHandlerMs: 40,
    },
  ],
  supervisors: [
    {
      supervisor: 'root/lots',
      pid: 'n1.lq3f9a.2',
      strategy: 'one_for_one',
      children: { specified: 3, active: 2, restarting: 1 },
      maxRestarts: 3,
      periodMs: 5000,
      restartsInPeriod: 1,
    },
  ],
  members: [
    { id: 'n1.lq3f9a', name: 'n1', incarnation: 'lq3f9a', status: 'up', draining: true },
    { id: 'n2.lq3f9b', name: 'n2', incarnation: 'lq3f9b', status: 'suspect', draining: false },
  ],
  membersExpected: 2,
  hasQuorum: true,
  viewChecksum: 12_345,
  registryNames: 3,
  supervisorPath: 'root/lots',
  childrenUnplaced: 0,
  childrenQuarantined: 1,
  handoffs: { in: 0, out: 2 },
  placementImbalance: 1.25,
  arbiter: { name: 'nats', state: 'held', mayOwn: true, leaseAgeMs: 2500, limitMs: 14_000, why: null },
  links: [
    {
      peer: 'n2',
      direction: 'out',
      bytesOut: 1000,
      bytesIn: 500,
      messagesOut: 10,
      messagesIn: 5,
      pauses: 2,
      sendErrors: 1,
      replicationBytes: 100,
      queuedBytes: 64,
    },
  ],
  traffic: [
    {
      peer: 'n2',
      bytesOut: 1000,
      bytesIn: 500,
      messagesOut: 10,
      messagesIn: 5,
      pauses: 2,
      sendErrors: 1,
      replicationBytes: 300,
      queuedBytes: 64,
    },
  ],
  topologies: [{ topology: 'local', peers: 1, syncAgeMs: 1500 }],
  ...changes,
})
