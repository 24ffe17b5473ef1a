// Ours: children that the arbiter on NATS is asked for before they start, or, for what that costs, that nobody is asked for.

import type { BenchArbiter } from '#bench/cluster/ours/member.ts'
import { withMembers } from '#bench/cluster/ours/members.ts'
import { MEMBERS, rate, takeover } from '#bench/cluster/ours/plays.ts'
import type { Figures } from '#bench/support/bench.ts'
import { runMeasure } from '#bench/support/program.ts'
import { type Servers, withServers } from './servers.ts'

const LEASE_MS = 15_000
const WARMING_UP = 500
const CALLERS = 50
const STARTED = 1000
const TAKEN_OVER = 300

function withArbiter(
  servers: Servers | 0,
  leaseMs: number,
  play: (arbiter: BenchArbiter | undefined) => Promise<Figures>,
): Promise<Figures> {
  if (servers === 0) return play(undefined)
  return withServers(servers, (urls) => play({ servers: urls, replicas: servers, leaseMs }))
}

const start = (servers: Servers | 0) => (): Promise<Figures> =>
  withArbiter(servers, LEASE_MS, (arbiter) =>
    withMembers(
      MEMBERS,
      async (members) => {
        await rate(members, 'warm', WARMING_UP, CALLERS)
        return { one: await rate(members, 'a', STARTED / 5, 1), many: await rate(members, 'b', STARTED, CALLERS) }
      },
      { arbiter },
    ),
  )

const takeoverOf =
  (servers: Servers | 0, leaseMs = LEASE_MS) =>
  (): Promise<Figures> =>
    withArbiter(servers, leaseMs, (arbiter) => takeover(TAKEN_OVER, { arbiter }))

await runMeasure({
  'start-0': start(0),
  'start-1': start(1),
  'start-3': start(3),
  'takeover-0': takeoverOf(0),
  'takeover-3-3s': takeoverOf(3, 3000),
  'takeover-3-5s': takeoverOf(3, 5000),
  'takeover-3-15s': takeoverOf(3, 15_000),
})
