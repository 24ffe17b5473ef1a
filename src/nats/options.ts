// What a connection to NATS needs to know, and what is wrong with it. Pure.
import { CodedError } from '#base'

export interface NatsOptions {
  /** `host`, `host:port`, `nats://…` or `tls://…`, with `user:password@` where accounts are by password. Best all servers, or a name that stands for all. */
  readonly servers: readonly string[]
  /** Part of the names of the buckets, so that several clusters share a server: letters, digits, `_` and `-`. */
  readonly cluster: string
  /** Read again for every connection: a file as `nsc` writes it, or one that holds a seed. One of the two, or neither. */
  readonly credentialsFile?: string | undefined
  readonly nkeyFile?: string | undefined
  /** In PEM, read again for every connection. With any of them the link is encrypted, or there is none. */
  readonly caFile?: string | undefined
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  /** On how many servers each write has to be before it is answered: 1, 3 or 5. Default 1. */
  readonly replicas?: number | undefined
  /** How long an answer may take. Default 3000: a leader that dies is replaced after four or five seconds, and asked again then. */
  readonly requestMs?: number | undefined
  /** How long a server may take to greet. Default 2000; the client's own twenty seconds are what dialling a frozen server costs. */
  readonly connectMs?: number | undefined
  /** A server that leaves two pings unanswered is given up: after two to three times this. Default 1000. */
  readonly pingMs?: number | undefined
}

export interface ServerAddress {
  /** As the client takes it. */
  readonly address: string
  readonly isEncrypted: boolean
  readonly user: string | undefined
  readonly password: string | undefined
}

export const REQUEST_MS = 3000
export const CONNECT_MS = 2000
export const PING_MS = 1000

const ADDRESS = /^(?:(nats|tls):\/\/)?(?:([^:@/\s]+):([^@/\s]+)@)?([^:@/\s[\]]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?\/?$/

/** Throws `ERR_OTP_NATS_BAD_OPTIONS` that lists all that is wrong. No password is shown. */
export function checkOptions(options: NatsOptions): void {
  const problems = [...options.servers.flatMap(addressProblem), ...fileProblems(options)]
  if (options.servers.length === 0) problems.push('servers: expected one or more, got none')
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(options.cluster)) {
    problems.push(`cluster: expected 1 to 64 letters, digits, _ and -, got ${JSON.stringify(options.cluster)}`)
  }
  const { replicas = 1 } = options
  if (![1, 3, 5].includes(replicas)) problems.push(`replicas: expected 1, 3 or 5, got ${replicas}`)
  for (const name of ['requestMs', 'connectMs', 'pingMs'] as const) {
    const value = options[name]
    if (value !== undefined && !(value > 0 && value <= 600_000)) problems.push(`${name}: expected milliseconds above 0, got ${value}`)
  }
  if (problems.length > 0)
    throw new CodedError('ERR_OTP_NATS_BAD_OPTIONS', `NATS cannot be reached by these options:\n  ${problems.join('\n  ')}`)
}

/** The parts of an address that `checkOptions` has let pass. */
export function serverAddress(text: string): ServerAddress {
  const [, scheme, user, password, host = '', port = '4222'] = ADDRESS.exec(text) ?? []
  return {
    address: `${host}:${port}`,
    isEncrypted: scheme === 'tls',
    user: user === undefined ? undefined : decodeURIComponent(user),
    password: password === undefined ? undefined : decodeURIComponent(password),
  }
}

function addressProblem(text: string): string[] {
  if (ADDRESS.test(text)) return []
  return [`servers: expected host:port, nats://host:port or tls://host:port, got ${JSON.stringify(text.replace(/^.*@/, '…@'))}`]
}

function fileProblems({ credentialsFile, nkeyFile, caFile, certFile, keyFile, servers }: NatsOptions): string[] {
  const problems: string[] = []
  const hasPassword = servers.some((text) => ADDRESS.exec(text)?.[2] !== undefined)
  if ([credentialsFile !== undefined, nkeyFile !== undefined, hasPassword].filter(Boolean).length > 1) {
    problems.push('expected one of a file of credentials, a file of a seed and a password in the address')
  }
  if ((certFile === undefined) !== (keyFile === undefined)) problems.push('expected a certificate and its key, or neither')
  if (certFile !== undefined && caFile === undefined) problems.push('expected the authority of the servers, since there is a certificate')
  return problems
}
