// Servers of NATS for one measuring program: they write each message to the disk before they answer, and end with the program.
import { connectNats, type Nats } from '#nats'
import { NatsServers } from '#test/system/support/nats.ts'
import { endCommands } from '#test/system/support/os.ts'

process.once('SIGTERM', () => void endCommands().then(() => process.exit(1)))

/** Whether there is one server, or three that keep three copies. */
export type Servers = 1 | 3

export async function withServers<T>(count: Servers, play: (servers: readonly string[]) => Promise<T>): Promise<T> {
  const servers = await NatsServers.start({ count })
  try {
    return await play(servers.urls)
  } finally {
    await servers.stop()
  }
}

/** What a busy machine takes: what is slow is to be measured. */
const REQUEST_MS = 30_000

export function withNats<T>(count: Servers, play: (nats: Nats) => Promise<T>): Promise<T> {
  return withServers(count, async (servers) => {
    const nats = await connectNats({ servers, cluster: 'bench', replicas: count, requestMs: REQUEST_MS })
    try {
      return await play(nats)
    } finally {
      await nats.close()
    }
  })
}
