// Certificates for tests, made on the spot: X.509 by hand, as small as TLS takes it.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'

/** DER: a tag, a length, and what is in it. */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  if (body.length < 128) return Buffer.concat([Buffer.of(tag, body.length), body])
  const size = Buffer.from(body.length.toString(16).padStart(body.length > 255 ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.of(tag, 0x80 | size.length), size, body])
}

const sequence = (...content: readonly Uint8Array[]): Buffer => der(0x30, ...content)
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'))
const bits = (bytes: Uint8Array): Buffer => der(0x03, Buffer.of(0), bytes)
const octets = (...content: readonly Uint8Array[]): Buffer => der(0x04, ...content)
const TRUE = der(0x01, Buffer.of(0xff))

const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'))
const COMMON_NAME = oid('550403')
const BASIC_CONSTRAINTS = oid('551d13')
const SUBJECT_ALT_NAME = oid('551d11')
const SUBJECT_KEY = oid('551d0e')
const AUTHORITY_KEY = oid('551d23')

const nameOf = (text: string): Buffer => sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(text)))))
/** A host by its name or address. */
const alternative = (host: string): Buffer =>
  isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host))
const time = (at: number): Buffer => der(0x18, Buffer.from(`${new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`))
const pem = (label: string, body: Buffer): string => `-----BEGIN ${label}-----\n${body.toString('base64')}\n-----END ${label}-----\n`

interface Issuer {
  readonly name: string
  readonly key: KeyObject
  readonly keyId: Buffer
}

const DAY_MS = 86_400_000

function certificate(subject: string, publicKey: KeyObject, issuer: Issuer, extensions: readonly Buffer[], days: number): string {
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const now = Date.now()
  const tbs = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    nameOf(issuer.name),
    sequence(time(now - 2 * DAY_MS), time(now + days * DAY_MS)),
    nameOf(subject),
    spki,
    der(0xa3, sequence(...extensions, sequence(AUTHORITY_KEY, octets(sequence(der(0x80, issuer.keyId)))))),
  )
  return pem('CERTIFICATE', sequence(tbs, ECDSA_WITH_SHA256, bits(sign('sha256', tbs, issuer.key))))
}

export interface Certificates {
  readonly cert: string
  readonly key: string
  readonly ca: string
}

/** An authority that signs certificates of nodes; each name is one under which a peer may ask for it. */
export class Authority {
  readonly ca: string
  readonly #issuer: Issuer

  constructor(name = 'the authority of a test') {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const keyId = createHash('sha1')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest()
    this.#issuer = { name, key: privateKey, keyId }
    this.ca = certificate(
      name,
      publicKey,
      this.#issuer,
      [sequence(BASIC_CONSTRAINTS, TRUE, octets(sequence(TRUE))), sequence(SUBJECT_KEY, octets(octets(keyId)))],
      30,
    )
  }

  /** `days`: how long it holds from now on; below 0 it has ended already. */
  issue(names: readonly string[] = ['node'], days = 1): Certificates {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const alternatives = sequence(SUBJECT_ALT_NAME, octets(sequence(...names.map(alternative))))
    return {
      cert: certificate('node', publicKey, this.#issuer, [alternatives], days),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      ca: this.ca,
    }
  }
}
