// A server of a drill's own on this machine, that others tell things.
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export class Ear {
  readonly #server: Server

  constructor(onRequest: RequestListener) {
    this.#server = createServer(onRequest)
  }

  /** Its address; 0 is a port that the system chooses. Rejects where the port is taken. */
  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve, reject) => this.#server.once('error', reject).listen(port, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}
