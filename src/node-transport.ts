// A node's transport where none is given: TCP, with the secret that nodes of one user share on loopback.
import { type Clock, CodedError, type Random } from '#base'
import {
  defaultRuntimeDirectory,
  isLoopback,
  type Limits,
  localSecret,
  type SecretSource,
  TcpTransport,
  type TlsOptions,
  type TlsSource,
  type Transport,
} from '#cluster'
import type { NodeId } from '#process'

/** What of a node's options is the transport's. */
interface TcpSettings {
  readonly cluster?: string
  readonly host?: string
  readonly port?: number
  readonly secret?: string | SecretSource
  readonly tls?: TlsOptions | TlsSource | undefined
  readonly limits?: Partial<Limits>
}

/** Throws `ERR_OTP_NODE_NO_SECRET` for a host that others can reach. */
export function tcp(options: TcpSettings, id: NodeId, clock: Clock, random: Random): Transport {
  const { cluster = 'otp-labs', host = '127.0.0.1', port = 0, tls, limits } = options
  return new TcpTransport({ ...limits, id, clock, random, cluster, host, port, tls, secret: options.secret ?? secretOfThisHost(host) })
}

function secretOfThisHost(host: string): string {
  if (isLoopback(host)) return localSecret(defaultRuntimeDirectory())
  throw new CodedError(
    'ERR_OTP_NODE_NO_SECRET',
    `others can reach ${host}: expected a secret of at least 16 bytes that all nodes of the cluster share; pass createNode({ secret })`,
  )
}
