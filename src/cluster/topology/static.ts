// The topology of a list: the peers are those that the operator named.
import { CodedError } from '#base'
import { parseAddress } from '../address.ts'
import type { TopologyStrategy } from './strategy.ts'

export interface StaticTopologyOptions {
  /** `host:port` of each possible peer; this node's own may be among them. */
  readonly addresses: readonly string[]
}

/**
 * Tells its list once, and again when asked to look. A list that names this node too is taken to name everybody: its length is then the
 * expected size of the cluster.
 * Throws `ERR_OTP_CLUSTER_BAD_TOPOLOGY` for what is no address.
 */
export function staticTopology(options: StaticTopologyOptions): TopologyStrategy {
  const addresses = checkedAddresses(options.addresses)
  return {
    name: 'static',
    async start(self, listener) {
      let isStopped = false
      const facts = addresses.includes(self.address) ? { expected: addresses.length } : {}
      listener.peers(addresses, facts)
      return {
        refresh() {
          if (!isStopped) listener.peers(addresses, facts)
        },
        async stop() {
          isStopped = true
        },
      }
    },
  }
}

function checkedAddresses(addresses: readonly string[]): readonly string[] {
  const bad = Array.isArray(addresses)
    ? addresses.filter((address) => typeof address !== 'string' || parseAddress(address) === undefined)
    : undefined
  if (bad?.length === 0) return Object.freeze([...new Set(addresses)])
  throw new CodedError(
    'ERR_OTP_CLUSTER_BAD_TOPOLOGY',
    bad === undefined
      ? `expected a list of addresses for the static topology, got ${typeof addresses}`
      : `expected addresses such as "10.0.0.7:4369" or "[::1]:4369" for the static topology, got ${bad.map((each) => JSON.stringify(each)).join(', ')}`,
  )
}
