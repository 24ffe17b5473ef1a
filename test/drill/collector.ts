// A collector of traces for drills: it takes what it is sent, or fails when it is told to.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export class Collector {
  isBroken = false
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(this.isBroken ? 500 : 200, { 'content-type': 'application/json' }).end('{}'))
    })
  }

  /** Its address. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}
