// A connection to an HTTP server that no network is between: what one side sends has come before a fake clock goes on.
import type { Server } from 'node:http'
import { type Duplex, duplexPair } from 'node:stream'

/** What a server and its client ask of a socket beside reading and writing. */
const OF_A_SOCKET = { remoteAddress: '127.0.0.1', setNoDelay: () => undefined, setKeepAlive: () => undefined, setTimeout: () => undefined }

/** The client's end of a connection that `server` has just accepted. */
export function connected(server: Server): Duplex {
  const [client, accepted] = duplexPair()
  for (const side of [client, accepted]) Object.assign(side, OF_A_SOCKET)
  server.emit('connection', accepted)
  return client
}

/** Breaks the connection, as a reader does that has gone. */
export function goAway(client: Duplex): void {
  client.destroy(new Error('the reader has gone away'))
}
