// Pure. How two strangers become peers: challenge and response over the cluster's secret, both ways, before any frame is read.
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { CodedError } from '#base'
import type { NodeId } from '#process'
import type { RefusalReason } from './events.ts'
import {
  encodeMessage,
  type Hello,
  KIND,
  type Kind,
  type Message,
  MessageReader,
  NONCE_BYTES,
  PROOF_BYTES,
  parseHello,
  VERSIONS,
  type Versions,
  writeHello,
} from './handshake-message.ts'

// The dialler says HELLO, the acceptor answers CHALLENGE, the dialler proves first with PROOF, the acceptor proves and decides with
// VERDICT. A proof is an HMAC-SHA256 over the prover's role and the transcript: every byte of HELLO and CHALLENGE, and the channel binding.

/** Shorter secrets can be guessed by whoever recorded one handshake. */
export const MIN_SECRET_BYTES = 16

/** What the acceptor decides about a peer that has proven itself. */
export type Verdict = 'welcome' | 'duplicate' | 'self'

/** What one side brings to a handshake. */
export interface HandshakeSelf {
  readonly id: NodeId
  readonly address: string
  readonly cluster: string
  /** What this side proves itself with. */
  readonly key: KeyObject
  /** While the secret is changed: what it takes from diallers beside its own. */
  readonly accepted?: readonly KeyObject[]
  /** 32 bytes, unpredictable and never used twice. */
  readonly nonce: Uint8Array
  /** Ties the handshake to the channel beneath it, such as a TLS exporter; both sides must see the same. */
  readonly channelBinding?: Uint8Array
  /** Default: those that this code speaks. */
  readonly versions?: Versions
}

/** A peer as it said; believed from `proven` on. */
export interface Peer {
  readonly id: NodeId
  readonly address: string
  /** The highest version of the protocol that both sides speak. */
  readonly protocol: number
}

/** What became of the bytes that were fed. `send` is to be written in any case. */
export type HandshakeStep =
  | { readonly kind: 'wait' }
  /** The other side has said who it is, and is not believed yet. To go on the dialler writes `proof`, the acceptor `challenge`. */
  | { readonly kind: 'claimed'; readonly peer: Peer }
  /** The acceptor: the dialler has proven itself; `decide` comes next. */
  | { readonly kind: 'proven'; readonly peer: Peer; readonly rest: Buffer }
  /** The dialler: the acceptor has proven itself and decided. `rest` are frames already. */
  | { readonly kind: 'decided'; readonly peer: Peer; readonly verdict: Verdict; readonly rest: Buffer }
  /** It ends here; `send` tells the other side why, if it can understand it. */
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly detail: string; readonly send?: Buffer }

const WAIT: HandshakeStep = { kind: 'wait' }
const VERDICTS: readonly Verdict[] = ['welcome', 'duplicate', 'self']
const REASONS: readonly RefusalReason[] = ['secret', 'version', 'garbage', 'limit', 'cluster', 'timeout', 'tls']

/** The cluster's secret as a key that no log or inspection shows; throws `ERR_OTP_CLUSTER_WEAK_SECRET` under 16 bytes. */
export function clusterKey(secret: string | Uint8Array): KeyObject {
  const bytes = typeof secret === 'string' ? Buffer.from(secret) : secret
  if (bytes.byteLength >= MIN_SECRET_BYTES) return createSecretKey(bytes)
  throw new CodedError(
    'ERR_OTP_CLUSTER_WEAK_SECRET',
    `expected a cluster secret of at least ${MIN_SECRET_BYTES} bytes, got ${bytes.byteLength}; make one with: openssl rand -base64 32`,
  )
}

/** What both sides share: reading, refusing, and the two proofs over the transcript. */
class Side {
  protected readonly self: HandshakeSelf
  protected readonly own: Buffer
  protected peer: Hello | undefined
  protected transcript: Buffer | undefined
  protected readonly versions: Versions
  #protocol = 0
  readonly #reader: MessageReader
  #isOver = false

  constructor(self: HandshakeSelf, kind: Kind) {
    if (self.nonce.byteLength !== NONCE_BYTES) throw new RangeError(`a nonce has ${NONCE_BYTES} bytes`)
    this.self = self
    this.versions = self.versions ?? VERSIONS
    this.#reader = new MessageReader(this.versions)
    this.own = encodeMessage(kind, writeHello(self), this.versions)
  }

  protected message(kind: Kind, body: Uint8Array): Buffer {
    return encodeMessage(kind, body, this.versions)
  }

  /** The next message if it is whole; `expected` is what may come now. A message out of turn is garbage. */
  protected read(chunk: Buffer, expected: Kind): Message | { readonly step: HandshakeStep } {
    if (this.#isOver) return { step: WAIT }
    const message = this.#reader.push(chunk)
    if (message === undefined) return { step: WAIT }
    if ('reason' in message) return { step: this.refuse(message.reason, message.detail) }
    if (message.kind === KIND.refusal) return { step: this.#onRefusal(message.body) }
    if (message.kind === expected) return message
    return { step: this.refuse('garbage', `a message of kind ${message.kind} where ${expected} was expected`) }
  }

  protected refuse(reason: RefusalReason, detail: string): HandshakeStep {
    this.#isOver = true
    // Whoever speaks another protocol gets no answer in this one.
    if (reason === 'garbage' || reason === 'limit' || reason === 'tls') return { kind: 'refused', reason, detail }
    return { kind: 'refused', reason, detail, send: this.message(KIND.refusal, Buffer.of(REASONS.indexOf(reason))) }
  }

  /** Not authenticated: worth a line for a person, and nothing is decided by it. */
  #onRefusal(body: Buffer): HandshakeStep {
    this.#isOver = true
    const reason = body.length === 1 ? REASONS[body[0] as number] : undefined
    return reason === undefined
      ? { kind: 'refused', reason: 'garbage', detail: 'a refusal without a reason' }
      : { kind: 'refused', reason, detail: `refused by the other side: ${reason}` }
  }

  /** Takes what the other side says of itself, and refuses a stranger to this cluster. */
  protected meet({ body, version }: Message): HandshakeStep | undefined {
    const hello = parseHello(body)
    if (hello === undefined) return this.refuse('garbage', 'no node id, address and cluster name where they were expected')
    if (hello.cluster !== this.self.cluster) {
      return this.refuse('cluster', `it belongs to the cluster ${JSON.stringify(hello.cluster)}, not ${JSON.stringify(this.self.cluster)}`)
    }
    this.peer = hello
    this.#protocol = version
    return undefined
  }

  protected seal(hello: Buffer, challenge: Buffer): void {
    const binding = this.self.channelBinding ?? Buffer.alloc(0)
    const size = Buffer.alloc(2)
    size.writeUInt16BE(binding.byteLength)
    this.transcript = Buffer.concat([hello, challenge, size, binding])
  }

  protected proofOf(key: KeyObject, role: 'dialler' | 'acceptor', ...said: readonly Uint8Array[]): Buffer {
    const mac = createHmac('sha256', key).update(`otp-labs ${role}\0`)
    for (const part of [this.transcript as Buffer, ...said]) mac.update(part)
    return mac.digest()
  }

  protected get met(): Peer {
    const { id, address } = this.peer as Hello
    return { id, address, protocol: this.#protocol }
  }
}

/** The side that dials: `hello`, then feed it; on `claimed` write `proof`. */
export class DiallerHandshake extends Side {
  #proof: Buffer | undefined

  constructor(self: HandshakeSelf) {
    super(self, KIND.hello)
  }

  /** The first bytes on the wire. */
  hello(): Buffer {
    return this.own
  }

  feed(chunk: Buffer): HandshakeStep {
    const message = this.read(chunk, this.transcript === undefined ? KIND.challenge : KIND.verdict)
    if ('step' in message) return message.step
    const { body, raw, rest } = message
    if (this.transcript !== undefined) return this.#onVerdict(body, rest)
    const refused = this.meet(message)
    if (refused !== undefined) return refused
    if (rest.length > 0) return this.refuse('garbage', 'bytes after the challenge')
    this.seal(this.own, raw)
    return { kind: 'claimed', peer: this.met }
  }

  /** What proves to the acceptor that this side knows the secret. */
  proof(): Buffer {
    this.#proof = this.proofOf(this.self.key, 'dialler')
    return this.message(KIND.proof, this.#proof)
  }

  #onVerdict(body: Buffer, rest: Buffer): HandshakeStep {
    const verdict = VERDICTS[body[0] as number]
    if (body.length !== 1 + PROOF_BYTES || verdict === undefined) return this.refuse('garbage', 'a verdict of another form')
    const expected = this.proofOf(this.self.key, 'acceptor', this.#proof ?? Buffer.alloc(0), body.subarray(0, 1))
    if (this.#proof === undefined || !timingSafeEqual(expected, body.subarray(1))) {
      return this.refuse('secret', 'the acceptor did not prove that it knows the secret')
    }
    return { kind: 'decided', peer: this.met, verdict, rest }
  }
}

/** The side that was dialled: feed it; write `challenge` on `claimed`; on `proven` write `decide`. */
export class AcceptorHandshake extends Side {
  #proof: Buffer | undefined
  /** That the dialler has proven to know: it is answered with a proof of the same. */
  #shared: KeyObject | undefined

  constructor(self: HandshakeSelf) {
    super(self, KIND.challenge)
  }

  feed(chunk: Buffer): HandshakeStep {
    const message = this.read(chunk, this.transcript === undefined ? KIND.hello : KIND.proof)
    if ('step' in message) return message.step
    const { body, raw, rest } = message
    if (this.transcript !== undefined) return this.#onProof(body, rest)
    const refused = this.meet(message)
    if (refused !== undefined) return refused
    if (rest.length > 0) return this.refuse('garbage', 'bytes after the hello')
    this.seal(raw, this.own)
    return { kind: 'claimed', peer: this.met }
  }

  /** The answer to a hello. */
  challenge(): Buffer {
    return this.own
  }

  /** This side's proof, and what it has decided; after `welcome` frames follow. */
  decide(verdict: Verdict): Buffer {
    const code = Buffer.of(VERDICTS.indexOf(verdict))
    return this.message(
      KIND.verdict,
      Buffer.concat([code, this.proofOf(this.#shared as KeyObject, 'acceptor', this.#proof as Buffer, code)]),
    )
  }

  #onProof(body: Buffer, rest: Buffer): HandshakeStep {
    if (body.length !== PROOF_BYTES) return this.refuse('garbage', 'a proof of another length')
    const { key, accepted = [] } = this.self
    this.#shared = [key, ...accepted].find((each) => timingSafeEqual(this.proofOf(each, 'dialler'), body))
    if (this.#shared === undefined) return this.refuse('secret', 'the dialler did not prove that it knows the secret')
    this.#proof = Buffer.from(body)
    return { kind: 'proven', peer: this.met, rest }
  }
}
