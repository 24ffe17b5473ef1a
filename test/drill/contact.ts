// Whom Alertmanager tells in a drill: a webhook of the drill's own, which keeps every notice with the time it came.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What came to a receiver. */
export interface Notice {
  readonly at: number
  readonly receiver: string
  readonly alerts: readonly { readonly status: 'firing' | 'resolved'; readonly labels: Readonly<Record<string, string>> }[]
}

export class Contact {
  readonly notices: Notice[] = []
  onNotice: (notice: Notice) => void = () => undefined
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { receiver, alerts } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Notice
        const notice = { at: performance.now(), receiver, alerts }
        this.notices.push(notice)
        this.onNotice(notice)
        response.end()
      })
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
