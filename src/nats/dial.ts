// One try to reach NATS: a connection to a server that can be relied on, or the reason why there is none.
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { CodedError } from '#base'
import { CONNECT_MS, type NatsOptions, PING_MS, serverAddress } from './options.ts'
import { isAble, refusal } from './server-version.ts'
import { signIn } from './sign-in.ts'

/** Every reply to this cluster's clients comes under it, so that an account may be limited to its own. */
export function inboxPrefix(cluster: string): string {
  return `_INBOX_otp_${cluster}`
}

/**
 * Throws `ERR_OTP_NATS_CONNECT`, or `ERR_OTP_NATS_SERVER_TOO_OLD`. The connection does not mend itself: whoever has it dials anew, so that files
 * are read and the server's version is seen before anything is sent. The client's own reconnecting does neither, and it waits for a frozen
 * server to take the bytes that were on their way.
 */
export async function dial(options: NatsOptions): Promise<NatsConnection> {
  const connection = await connected(options)
  const { version } = connection.info as { version: string }
  if (isAble(version)) return connection
  const where = connection.getServer()
  await connection.close()
  throw new CodedError('ERR_OTP_NATS_SERVER_TOO_OLD', refusal(version, where))
}

async function connected(options: NatsOptions): Promise<NatsConnection> {
  const addresses = options.servers.map((text) => serverAddress(text).address)
  try {
    return await connect({
      ...signIn(options),
      servers: addresses,
      name: `otp-labs ${options.cluster}`,
      inboxPrefix: inboxPrefix(options.cluster),
      timeout: options.connectMs ?? CONNECT_MS,
      pingInterval: options.pingMs ?? PING_MS,
      maxPingOut: 2,
      reconnect: false,
      // The list is the operator's: what servers say of each other may not be reachable from here.
      ignoreClusterUpdates: true,
      // Half of what a request costs, and nobody reads where it was made.
      noAsyncTraces: true,
    })
  } catch (error) {
    const message = `expected a server of NATS at ${addresses.join(', ')}, got none: ${(error as Error).message}`
    throw new CodedError('ERR_OTP_NATS_CONNECT', message, { cause: error })
  }
}
