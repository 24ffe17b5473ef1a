// From wires to links, the same for every transport: the handshake with each stranger, its limits, and one link to a peer at most.
import type { Clock, Random } from '#base'
import type { NodeId } from '#process'
import { parseAddress } from '../address.ts'
import { type AcceptorHandshake, DiallerHandshake, type HandshakeSelf, type HandshakeStep, type Peer, type Verdict } from '../handshake.ts'
import { NONCE_BYTES } from '../handshake-message.ts'
import type { Keys } from '../secrets.ts'
import type { Limits } from './link-limits.ts'
import { Strangers } from './strangers.ts'
import type { DialFailure, TransportListener } from './transport.ts'
import type { Door, OpenWire, Wire } from './wire.ts'
import { WireLink } from './wire-link.ts'

export interface PeerLinksOptions extends Limits {
  readonly id: NodeId
  readonly cluster: string
  /** Asked for every handshake. */
  readonly keys: () => Keys
  readonly clock: Clock
  readonly random: Random
}

/** A dial under way. */
interface Dial {
  readonly address: string
  readonly startedAt: number
  /** Who answered, as soon as it has said so. */
  peer: NodeId | undefined
  /** The proof has left: from now on the acceptor may take this for a link at any time. */
  hasProven: boolean
  /** Gives up what is open for this dial. */
  undo(): void
  settle(failure: DialFailure | undefined): void
}

const STOPPING: DialFailure = { kind: 'unreachable', detail: 'this node is stopping' }

export class PeerLinks {
  readonly #options: PeerLinksOptions
  readonly #address: () => string
  readonly #listener: TransportListener
  readonly #links = new Map<NodeId, WireLink>()
  readonly #dials = new Set<Dial>()
  readonly #strangers: Strangers
  #isStopped = false

  constructor(options: PeerLinksOptions, address: () => string, listener: TransportListener) {
    this.#options = options
    this.#address = address
    this.#listener = listener
    this.#strangers = new Strangers(options.clock, options, {
      self: (wire) => this.#self(wire),
      proven: (wire, handshake, peer, rest, startedAt) => this.#onProven(wire, handshake, peer, rest, startedAt),
      refused: (reason, remote, detail) => listener.handshakeRefused(reason, remote, detail),
    })
  }

  // ---- dialling

  dial(address: string, open: OpenWire): Promise<DialFailure | undefined> {
    const refusal = this.#whyNotDial(address)
    if (refusal !== undefined) return Promise.resolve(refusal)
    const { promise, resolve } = Promise.withResolvers<DialFailure | undefined>()
    const timer = this.#options.clock.after(this.#options.handshakeMs, () => {
      dial.settle({ kind: 'timeout', detail: `no link within ${this.#options.handshakeMs} ms` })
    })
    const dial: Dial = {
      address,
      startedAt: this.#options.clock.now(),
      peer: undefined,
      hasProven: false,
      undo: () => {},
      settle: (failure) => {
        if (!this.#dials.delete(dial)) return
        timer.cancel()
        if (failure !== undefined) dial.undo()
        resolve(failure)
      },
    }
    this.#dials.add(dial)
    dial.undo = open(
      (wire) => {
        dial.undo = () => wire.destroy()
        this.#prove(dial, wire)
      },
      (failure) => dial.settle(failure),
    )
    return promise
  }

  #whyNotDial(address: string): DialFailure | undefined {
    if (this.#isStopped) return STOPPING
    if (parseAddress(address) === undefined) {
      return { kind: 'unreachable', detail: `expected an address such as 10.0.0.7:4369, got ${JSON.stringify(address)}` }
    }
    if (address === this.#address()) return { kind: 'self', detail: `${address} is this node's own address` }
    const link = this.#links.values().find(({ peerAddress }) => peerAddress === address)
    if (link !== undefined) return { kind: 'duplicate', detail: `there is a link to ${link.peer} already` }
    const isUnderWay = this.#dials.values().some((dial) => dial.address === address)
    return isUnderWay ? { kind: 'duplicate', detail: `a dial to ${address} is under way` } : undefined
  }

  #prove(dial: Dial, wire: Wire): void {
    const handshake = new DiallerHandshake(this.#self(wire))
    wire.listen({
      bytes: (chunk) => this.#onAnswer(dial, wire, handshake, handshake.feed(chunk)),
      ended: (reason) => dial.settle({ kind: 'unreachable', detail: `the connection ended during the handshake: ${reason}` }),
    })
    wire.write(handshake.hello())
  }

  #onAnswer(dial: Dial, wire: Wire, handshake: DiallerHandshake, step: HandshakeStep): void {
    if (!this.#dials.has(dial)) return
    if (step.kind === 'claimed' && this.#links.has(step.peer.id)) {
      // Before the proof has left the acceptor cannot take this for a link: the last moment to step back from a second one.
      dial.settle(duplicate(step.peer.id))
    } else if (step.kind === 'claimed') {
      dial.peer = step.peer.id
      dial.hasProven = true
      wire.write(handshake.proof())
    } else if (step.kind === 'decided' && step.verdict === 'welcome') {
      // The acceptor decides. It has no other link, so whatever is held here is one whose end has not been heard of yet.
      this.#links.get(step.peer.id)?.close('superseded')
      this.#adopt(wire, step.peer, 'out', dial.startedAt, step.rest)
      dial.settle(undefined)
    } else if (step.kind === 'decided') {
      dial.settle(step.verdict === 'self' ? { kind: 'self', detail: `${dial.address} leads to this node itself` } : duplicate(step.peer.id))
    } else if (step.kind === 'refused') {
      if (step.send !== undefined) wire.write(step.send)
      dial.undo = () => wire.end()
      dial.settle({ kind: 'handshake', detail: `${step.reason}: ${step.detail}` })
    }
  }

  // ---- accepting

  accept(door: Door): void {
    if (this.#isStopped) door.close()
    else this.#strangers.accept(door)
  }

  #onProven(wire: Wire, handshake: AcceptorHandshake, peer: Peer, rest: Buffer, startedAt: number): void {
    const verdict = this.#decide(peer)
    wire.write(handshake.decide(verdict))
    if (verdict === 'welcome') this.#welcome(wire, peer, startedAt, rest)
    else wire.end()
  }

  /** This side's own dials to the peer end before there is a link: there is never a second one. */
  #welcome(wire: Wire, peer: Peer, startedAt: number, rest: Buffer): void {
    for (const dial of this.#dials) if (dial.peer === peer.id || dial.address === peer.address) dial.settle(duplicate(peer.id))
    this.#adopt(wire, peer, 'in', startedAt, rest)
  }

  /**
   * Of two nodes that dial each other at once the dial of the lower id wins, but only from the moment its proof has left: a dial that
   * cannot get through must not keep the other one out.
   */
  #decide(peer: Peer): Verdict {
    const { id } = this.#options
    if (peer.id === id) return 'self'
    if (this.#links.has(peer.id)) return 'duplicate'
    const isDialledHere = this.#dials.values().some((dial) => dial.hasProven && dial.peer === peer.id)
    return isDialledHere && id < peer.id ? 'duplicate' : 'welcome'
  }

  // ---- links

  #adopt(wire: Wire, peer: Peer, direction: 'out' | 'in', startedAt: number, rest: Buffer): void {
    const link = new WireLink(wire, peer, direction, this.#options, this.#options.clock, {
      isBehind: () => this.#listener.isBehind(),
      frame: (of, frame) => this.#listener.frame(of, frame),
      frameRefused: (id, reason) => this.#listener.frameRefused(id, reason),
      closed: (of, reason) => {
        if (this.#links.get(peer.id) === of) this.#links.delete(peer.id)
        this.#listener.closed(of, reason)
      },
    })
    this.#links.set(peer.id, link)
    this.#listener.up(link, this.#options.clock.now() - startedAt)
    link.start(rest)
  }

  #self({ channelBinding }: Wire): HandshakeSelf {
    const { id, cluster, keys, random } = this.#options
    const [key, ...accepted] = keys()
    const self = { id, cluster, key, accepted, address: this.#address(), nonce: random.bytes(NONCE_BYTES) }
    return channelBinding === undefined ? self : { ...self, channelBinding }
  }

  /** Ends every link, dial and handshake; what was sent before still leaves. */
  close(): void {
    this.#isStopped = true
    for (const dial of this.#dials) dial.settle(STOPPING)
    this.#strangers.close()
    for (const link of [...this.#links.values()]) link.close('stopped')
  }

  /** As if this node's OS process had been killed: from now on it neither hears nor tells anything. */
  abandon(): void {
    this.#isStopped = true
    this.#links.clear()
    this.#dials.clear()
    this.#strangers.abandon()
  }
}

function duplicate(peer: NodeId): DialFailure {
  return { kind: 'duplicate', detail: `there is a link to ${peer} already, or one is about to be` }
}
