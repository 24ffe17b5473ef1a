// NATS as the cluster uses it: one link for names, another for states, each with its buckets.
import { type Clock, type Random, systemClock, systemRandom } from '#base'
import {
  type ArbiterFactory,
  type Blobs,
  type KeyValue,
  keyValueStateStore,
  leasedArbiter,
  leaseTimes,
  type StateStoreFactory,
} from '#distributed'
import { NatsBlobs } from './blobs.ts'
import { keyValueBucket, objectBucket, type StreamConfig } from './bucket.ts'
import { NatsKeyValue } from './key-value.ts'
import { NatsLink } from './link.ts'
import { openBucket } from './open-bucket.ts'
import { checkOptions, type NatsOptions } from './options.ts'

/** What is given from outside in tests. */
export interface NatsSurroundings {
  readonly clock: Clock
  readonly random: Random
}

/** A connection to NATS, for as many nodes of this process as there are. */
export class Nats {
  readonly #options: NatsOptions
  readonly #surroundings: NatsSurroundings
  readonly #links: Promise<NatsLink>[] = []
  /** The link by which the servers were tried: who comes first has it. */
  #untaken: NatsLink | undefined
  #states: Promise<NatsLink> | undefined

  private constructor(options: NatsOptions, surroundings: NatsSurroundings, first: NatsLink) {
    this.#options = options
    this.#surroundings = surroundings
    this.#untaken = first
  }

  /** For `connectNats`. */
  static async connect(options: NatsOptions, surroundings: NatsSurroundings): Promise<Nats> {
    checkOptions(options)
    return new Nats(options, surroundings, await NatsLink.open(options, surroundings.clock, surroundings.random))
  }

  /** For `createNode({ arbiter })`; `leaseMs`: how long a node that is gone keeps its names, default 15 s, from 3 s. */
  async arbiter(options: { readonly leaseMs?: number; readonly marginMs?: number } = {}): Promise<ArbiterFactory> {
    // What the arbiter does not wait for any more is not sent later.
    const { requestMs } = leaseTimes(options)
    return leasedArbiter(await this.names(requestMs), { ...options, name: 'nats' })
  }

  /** Of the owners of names. `withinMs`: how long an answer may take, if not as long as for everything. */
  async names(withinMs?: number): Promise<KeyValue> {
    return this.#keyValue(await this.#link(), 'names', withinMs)
  }

  async states(): Promise<{ keyValue: KeyValue; blobs: Blobs }> {
    // A link of its own: what keeps a lease does not wait behind megabytes.
    this.#states ??= this.#link()
    const link = await this.#states.catch((error: unknown) => {
      this.#states = undefined
      throw error
    })
    const keyValue = await this.#keyValue(link, 'states')
    const blobs = new NatsBlobs(link, await this.#bucket(link, objectBucket, 'states'), this.#surroundings)
    return { keyValue, blobs }
  }

  /** For `createNode({ stateStore })`: states survive the end of all nodes at once, and whatever these servers survive. */
  async stateStore(): Promise<StateStoreFactory> {
    const { keyValue, blobs } = await this.states()
    return keyValueStateStore(keyValue, blobs, { name: 'nats', clock: this.#surroundings.clock })
  }

  /** Nothing that rests on it works afterwards: nodes are stopped first. */
  async close(): Promise<void> {
    await this.#untaken?.close()
    for (const link of await Promise.allSettled(this.#links)) if (link.status === 'fulfilled') await link.value.close()
  }

  #link(): Promise<NatsLink> {
    const { clock, random } = this.#surroundings
    const link = this.#untaken === undefined ? NatsLink.open(this.#options, clock, random) : Promise.resolve(this.#untaken)
    this.#untaken = undefined
    this.#links.push(link)
    return link
  }

  async #keyValue(link: NatsLink, what: string, withinMs?: number): Promise<KeyValue> {
    return new NatsKeyValue(link, await this.#bucket(link, keyValueBucket, what), withinMs)
  }

  #bucket(link: NatsLink, kind: (bucket: string, replicas: number) => StreamConfig, what: string): ReturnType<typeof openBucket> {
    const { cluster, replicas = 1 } = this.#options
    return openBucket(link, kind(`otp_${cluster}_${what}`, replicas), this.#surroundings.clock)
  }
}

/**
 * Connects to one of the servers. Throws `ERR_OTP_NATS_BAD_OPTIONS`, `ERR_OTP_NATS_CONNECT`, or `ERR_OTP_NATS_SERVER_TOO_OLD`; what is lost
 * later is made again for ever.
 */
export function connectNats(options: NatsOptions, surroundings: Partial<NatsSurroundings> = {}): Promise<Nats> {
  return Nats.connect(options, { clock: systemClock, random: systemRandom, ...surroundings })
}
