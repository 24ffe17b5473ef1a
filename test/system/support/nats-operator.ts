// An operator of NATS for a test: accounts and users by signed tokens, as `nsc` makes them, and a user's file of credentials.
import { createHash, randomBytes } from 'node:crypto'
import { nkeys } from '@nats-io/transport-node'

type KeyPair = ReturnType<typeof nkeys.createUser>

const encoded = (value: object | Uint8Array): string =>
  Buffer.from(value instanceof Uint8Array ? value : JSON.stringify(value)).toString('base64url')

function token(issuer: KeyPair, subject: KeyPair, name: string, nats: object): string {
  const body = encoded({
    jti: createHash('sha256').update(randomBytes(16)).digest('hex'),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name,
    nats: { version: 2, ...nats },
  })
  const signed = `${encoded({ typ: 'JWT', alg: 'ed25519-nkey' })}.${body}`
  return `${signed}.${encoded(issuer.sign(Buffer.from(signed)))}`
}

const UNLIMITED = { subs: -1, data: -1, payload: -1 }

const UNLIMITED_ACCOUNT = { ...UNLIMITED, imports: -1, exports: -1, conn: -1, leaf: -1, streams: -1, consumer: -1 }

/** One operator with one account, which may use JetStream. */
export class Operator {
  readonly #operator = nkeys.createOperator()
  readonly #account = nkeys.createAccount()
  /** What a server cannot change while it runs: who the operator is, and the account of the servers themselves. */
  readonly #fixed: readonly string[]
  readonly #system: string

  constructor() {
    const system = nkeys.createAccount()
    this.#fixed = [
      `operator: ${token(this.#operator, this.#operator, 'test', { type: 'operator' })}`,
      `system_account: ${system.getPublicKey()}`,
      'resolver: MEMORY',
    ]
    this.#system = `${system.getPublicKey()}: ${token(this.#operator, system, 'SYS', { type: 'account', limits: UNLIMITED_ACCOUNT })}`
  }

  /** For a server's configuration. Users who are `revoked` are turned away, those who are there as well. */
  config(revoked: readonly KeyPair[] = []): string {
    const limits = { ...UNLIMITED_ACCOUNT, mem_storage: -1, disk_storage: -1 }
    const revocations = Object.fromEntries(revoked.map((user) => [user.getPublicKey(), Math.floor(Date.now() / 1000) + 1]))
    const account = token(this.#operator, this.#account, 'test', { type: 'account', limits, revocations })
    const preloaded = `resolver_preload: { ${this.#system}, ${this.#account.getPublicKey()}: ${account} }`
    return [...this.#fixed, preloaded].join('\n')
  }

  /** A user, and the file by which it signs in. */
  user(): { readonly key: KeyPair; readonly credentials: string } {
    const key = nkeys.createUser()
    const jwt = token(this.#account, key, 'node', { type: 'user', ...UNLIMITED })
    const seed = Buffer.from(key.getSeed()).toString()
    const part = (label: string, content: string): string => `-----BEGIN ${label}-----\n${content}\n------END ${label}------\n`
    return { key, credentials: `${part('NATS USER JWT', jwt)}\n${part('USER NKEY SEED', seed)}` }
  }
}
