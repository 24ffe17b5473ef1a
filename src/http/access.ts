// Who may ask the observer: tokens, origins and rates. What it decides is a refusal or a scope.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Clock } from '#base'
import { isLoopback, TokenBucket } from '#cluster'
import { Refusal } from './problem.ts'

/** `public`: files without data in them, which a browser needs before it can be given a token. */
export type Access = 'public' | 'read' | 'manage'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the observer asks of whoever uses the route; default `read`. */
    access?: Access
  }
}

export interface AccessOptions {
  /** Without it whoever reaches the port may read: for loopback only. */
  readonly readToken?: string | undefined
  /** Without it nothing can be managed. */
  readonly manageToken?: string | undefined
  /** From one address; default 100. */
  readonly requestsPerSecond?: number | undefined
}

/** What a request turned out to be allowed. */
export interface Grant {
  readonly scope: 'read' | 'manage'
  /** The token by its fingerprint, which tells two tokens apart and nothing of either. */
  readonly who: string
}

const REQUESTS_PER_SECOND = 100
/** Of so many addresses the rate is remembered. */
const MOST_ADDRESSES = 1000

/** Whether a request shows a token. Digests are of one length: the time that takes says nothing of the token. */
export function isBearer(request: FastifyRequest, token: string): boolean {
  const given = bearerOf(request)
  return given !== undefined && timingSafeEqual(digest(given), digest(token))
}

function bearerOf({ headers }: FastifyRequest): string | undefined {
  return /^Bearer (\S{1,1024})$/i.exec(headers.authorization ?? '')?.[1]
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

export class Gate {
  readonly #clock: Clock
  readonly #read: Buffer | undefined
  readonly #manage: Buffer | undefined
  readonly #perSecond: number
  readonly #buckets = new Map<string, TokenBucket>()

  constructor(clock: Clock, { readToken, manageToken, requestsPerSecond = REQUESTS_PER_SECOND }: AccessOptions) {
    this.#clock = clock
    this.#read = readToken === undefined ? undefined : digest(readToken)
    this.#manage = manageToken === undefined ? undefined : digest(manageToken)
    this.#perSecond = requestsPerSecond
  }

  get needsToken(): boolean {
    return this.#read !== undefined
  }

  get canManage(): boolean {
    return this.#manage !== undefined
  }

  /** Throws a `Refusal` unless the request may do what its route does. */
  check(request: FastifyRequest, access: Access): Grant {
    this.#checkRate(request.ip)
    this.#checkHost(request)
    this.#checkOrigin(request)
    if (access === 'manage' && this.#manage === undefined) {
      throw new Refusal(404, 'ERR_OTP_HTTP_MANAGE_OFF', 'nothing can be managed here; set OTP_OBSERVER_MANAGE_TOKEN to allow it')
    }
    const grant = this.#grant(request)
    if (grant === undefined && access !== 'public') {
      throw new Refusal(401, 'ERR_OTP_HTTP_TOKEN', 'expected the header "authorization: Bearer …" with a token of this node')
    }
    if (access === 'manage' && grant?.scope !== 'manage') {
      throw new Refusal(403, 'ERR_OTP_HTTP_SCOPE', 'this token may read; to manage takes the manage token')
    }
    return grant ?? { scope: 'read', who: 'nobody' }
  }

  #grant(request: FastifyRequest): Grant | undefined {
    const given = bearerOf(request)
    if (given === undefined) return this.#read === undefined ? { scope: 'read', who: 'nobody' } : undefined
    const hash = digest(given)
    const who = `token ${hash.toString('hex').slice(0, 8)}`
    // Both are always compared, so that the time says nothing of either.
    const isManage = timingSafeEqual(hash, this.#manage ?? Buffer.alloc(hash.length)) && this.#manage !== undefined
    const isRead = timingSafeEqual(hash, this.#read ?? hash)
    if (isManage) return { scope: 'manage', who }
    return isRead ? { scope: 'read', who } : undefined
  }

  #checkRate(address: string): void {
    const now = this.#clock.now()
    const bucket = this.#buckets.get(address) ?? new TokenBucket(this.#perSecond, now)
    this.#buckets.delete(address)
    this.#buckets.set(address, bucket)
    if (this.#buckets.size > MOST_ADDRESSES) {
      const [first] = this.#buckets.keys()
      if (first !== undefined) this.#buckets.delete(first)
    }
    if (!bucket.take(now))
      throw new Refusal(429, 'ERR_OTP_HTTP_RATE', `expected up to ${this.#perSecond} requests a second from ${address}`, 1)
  }

  /** Where no token is needed, a page of somebody else could make a browser ask by a name that it points at loopback. */
  #checkHost(request: FastifyRequest): void {
    if (this.needsToken || request.headers.host === undefined || isLoopback(request.hostname.replace(/^\[(.*)\]$/, '$1'))) return
    throw new Refusal(
      403,
      'ERR_OTP_HTTP_HOST',
      `expected a name of loopback as host, got ${JSON.stringify(request.hostname.slice(0, 100))}`,
    )
  }

  #checkOrigin(request: FastifyRequest): void {
    const { origin } = request.headers
    if (origin === undefined || isSameHost(origin, request.host)) return
    throw new Refusal(
      403,
      'ERR_OTP_HTTP_ORIGIN',
      `expected a page of this node, got one of ${JSON.stringify(String(origin).slice(0, 100))}`,
    )
  }
}

/** Ports that an origin leaves out are left out of the host, too. */
function isSameHost(origin: string, host: string): boolean {
  const from = URL.parse(origin)
  return from !== null && from.host !== '' && from.host === URL.parse(`${from.protocol}//${host}`)?.host
}

/** On every answer: nothing but what the node itself serves runs in its page, no page frames it, and no answer is kept. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}
