// The topology of a name: peers are the addresses that a name server tells for it. libcluster's DNS strategies.
import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { type Clock, type Random, systemClock, systemRandom, type Timer } from '#base'
import { formatAddress } from '../address.ts'
import { answered, answerOf, type DnsAnswer, DnsView } from './dns-view.ts'
import { checkOptions, isDuration, isPort } from './option-checks.ts'
import { retryDelay } from './retry-delay.ts'
import type { RunningTopology, TopologyListener, TopologyStrategy } from './strategy.ts'

export interface DnsTopologyOptions {
  /** The name to ask for, such as that of a headless service. */
  readonly name: string
  /** Of every peer. Without it the name is asked for SRV records, which carry ports. */
  readonly port?: number
  /** IPv4 or IPv6 addresses only. Default both. */
  readonly family?: 4 | 6
  /** Name servers, each an address with or without a port. Default the system's. */
  readonly servers?: readonly string[]
  /** Between two looks, give or take a quarter. Default 5 s. */
  readonly pollMs?: number
  /** How long a name server may take before it is asked again, once. Default 2 s. */
  readonly timeoutMs?: number
  readonly clock?: Clock
  readonly random?: Random
}

type DnsSettings = Omit<DnsTopologyOptions, 'pollMs' | 'timeoutMs' | 'clock' | 'random'> &
  Required<Pick<DnsTopologyOptions, 'pollMs' | 'timeoutMs' | 'clock' | 'random'>>

const TRIES = 2

/**
 * Asks for A and AAAA records, and for SRV records first where there is no port. A name that does not exist has no peers; a server that
 * fails or is silent is no news, and is asked again with back-off. Throws `ERR_OTP_CLUSTER_BAD_TOPOLOGY` for options that cannot work.
 */
export function dnsTopology(options: DnsTopologyOptions): TopologyStrategy {
  const settings: DnsSettings = { pollMs: 5000, timeoutMs: 2000, clock: systemClock, random: systemRandom, ...options }
  const { name, port, family, servers = [], pollMs, timeoutMs } = settings
  checkOptions('dns', [
    [typeof name === 'string' && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$/.test(name) && isIP(name) === 0, 'a name to ask for', name],
    [port === undefined || isPort(port), 'a port from 1 to 65535, or none for SRV records', port],
    [family === undefined || family === 4 || family === 6, 'family 4 or 6', family],
    [servers.every(isServer), 'addresses of name servers such as "10.0.0.2" or "10.0.0.2:53"', servers],
    [isDuration(pollMs, 1), 'a pollMs of 1 ms or more', pollMs],
    [isDuration(timeoutMs, 1), 'a timeoutMs of 1 ms or more', timeoutMs],
  ])
  return {
    name: 'dns',
    start: async (_self, listener) => {
      const lookout = new DnsLookout(settings, listener)
      await lookout.start()
      return lookout
    },
  }
}

function isServer(server: unknown): boolean {
  return typeof server === 'string' && (isIP(server) !== 0 || isIP(server.replace(/^\[(.+)\]:\d+$|^([\d.]+):\d+$/, '$1$2')) !== 0)
}

class DnsLookout implements RunningTopology {
  readonly #settings: DnsSettings
  readonly #resolver: Resolver
  readonly #view = new DnsView()
  /** Undefined once it was stopped. */
  #listener: TopologyListener | undefined
  #timer: Timer | undefined
  #look: Promise<void> | undefined
  #isWantedAgain = false
  #failures = 0

  constructor(settings: DnsSettings, listener: TopologyListener) {
    this.#settings = settings
    this.#listener = listener
    this.#resolver = new Resolver({ timeout: settings.timeoutMs, tries: TRIES })
    if (settings.servers !== undefined && settings.servers.length > 0) this.#resolver.setServers(settings.servers)
  }

  start(): Promise<void> {
    return this.#lookNow()
  }

  refresh(): void {
    if (this.#look === undefined) void this.#lookNow()
    else this.#isWantedAgain = true
  }

  async stop(): Promise<void> {
    this.#listener = undefined
    this.#timer?.cancel()
    this.#resolver.cancel()
    await this.#look
  }

  #lookNow(): Promise<void> {
    if (this.#listener === undefined) return Promise.resolve()
    this.#timer?.cancel()
    this.#look = this.#lookOnce().then(() => {
      this.#look = undefined
      if (this.#isWantedAgain) {
        this.#isWantedAgain = false
        void this.#lookNow()
      } else {
        this.#lookLater()
      }
    })
    return this.#look
  }

  #lookLater(): void {
    if (this.#listener === undefined) return
    const { pollMs, clock, random } = this.#settings
    const delayMs = this.#failures === 0 ? pollMs * (0.75 + 0.5 * random.next()) : retryDelay(this.#failures, random.next())
    this.#timer = clock.after(delayMs, () => void this.#lookNow())
  }

  async #lookOnce(): Promise<void> {
    const addresses = await this.#addresses()
    const { failures, isHeard } = this.#view.endRound()
    // One kind of record may fail for ever, as where nobody knows of IPv6: as long as the other is answered, the rhythm stays.
    this.#failures = isHeard ? 0 : this.#failures + 1
    if (isHeard) this.#listener?.peers([...new Set(addresses)].toSorted())
    if (failures.length > 0) this.#listener?.failed(new Error(failures.join('; ')))
  }

  async #addresses(): Promise<string[]> {
    const { name, port } = this.#settings
    if (port !== undefined) return this.#hosts(name, port)
    const targets = await this.#ask(`SRV ${name}`, async () => {
      const records = await this.#resolver.resolveSrv(name)
      // A target of "." says that there is decidedly no such service.
      return records.filter((record) => record.name !== '').map((record) => `${record.name}:${record.port}`)
    })
    const found = await Promise.all(
      targets.map((target) => {
        const colon = target.lastIndexOf(':')
        return this.#hosts(target.slice(0, colon), Number(target.slice(colon + 1)))
      }),
    )
    return found.flat()
  }

  async #hosts(host: string, port: number): Promise<string[]> {
    const { family } = this.#settings
    const found = await Promise.all([
      family === 6 ? [] : this.#ask(`A ${host}`, () => this.#resolver.resolve4(host)),
      family === 4 ? [] : this.#ask(`AAAA ${host}`, () => this.#resolver.resolve6(host)),
    ])
    return found.flat().map((address) => formatAddress({ host: address, port }))
  }

  async #ask(question: string, resolve: () => Promise<string[]>): Promise<readonly string[]> {
    const answer: DnsAnswer = await resolve().then(answered, answerOf)
    return this.#view.take(question, answer)
  }
}
