// A ground that runs already, by the addresses of its parts: nothing of it is started, changed or ended here.
import { Contact } from './contact.ts'
import { Ground, type NodeAddress } from './ground.ts'
import { isTolerated } from './tolerated.ts'

const ANSWER_WITHIN_MS = 5000

/** Where it runs. */
export interface Addresses {
  readonly prometheus: string
  readonly alertmanager: string
  /** Three, each a node's own HTTP port; they have to be started with `OTP_CHAOS=allowed`. */
  readonly nodes: readonly string[]
  /** The port of this machine that Alertmanager's webhooks call; undefined: its API says whom it would tell. */
  readonly webhook?: number
}

export class Running {
  readonly ground: Ground
  readonly #contact: Contact | undefined

  private constructor(ground: Ground, contact: Contact | undefined) {
    this.ground = ground
    this.#contact = contact
  }

  /** Rejects where something does not answer, or where an alert fires that is not tolerated: a drill there would prove nothing. */
  static async at({ prometheus, alertmanager, nodes, webhook }: Addresses, factor: number): Promise<Running> {
    const [n1, n2, n3] = await Promise.all(nodes.map(addressOf))
    if (n1 === undefined || n2 === undefined || n3 === undefined || nodes.length !== 3) {
      throw new Error(`expected the addresses of three nodes, got ${nodes.length}`)
    }
    const contact = webhook === undefined ? undefined : new Contact()
    await contact?.listen(webhook)
    const running = new Running(new Ground({ prometheus, alertmanager, nodes: { n1, n2, n3 }, ...(contact && { contact }) }), contact)
    const loud = (await running.ground.watch.unrest('firing')).filter((name) => !isTolerated(name, factor))
    if (loud.length === 0) return running
    await running.leave()
    throw new Error(`these alerts fire already: ${loud.join(', ')}; play on a cluster that is calm`)
  }

  /** Looks and listens no more. */
  async leave(): Promise<void> {
    await this.ground.watch.stop()
    this.#contact?.close()
  }
}

async function addressOf(url: string): Promise<NodeAddress> {
  const http = url.replace(/\/$/, '')
  const token = process.env['OTP_OBSERVER_TOKEN']
  const response = await fetch(`${http}/observer/v1/capabilities`, {
    ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  })
  if (!response.ok) throw new Error(`${url} did not say which node it is: ${response.status} ${await response.text()}`)
  const { node } = (await response.json()) as { node: string }
  return { name: node, http }
}
