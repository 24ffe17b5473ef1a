// From configuration to NATS: who uses it, with which options, and what contradicts that. Pure.

/** What the environment says of NATS. */
export interface NatsVariables {
  readonly OTP_ARBITER: 'optimistic' | 'nats'
  readonly OTP_STATE_STORE: string
  readonly OTP_CLUSTER: string
  readonly NATS_URL: readonly string[]
  readonly OTP_NATS_CLUSTER?: string | undefined
  readonly OTP_NATS_REPLICAS: number
  readonly OTP_NATS_CREDENTIALS_FILE?: string | undefined
  readonly OTP_NATS_NKEY_FILE?: string | undefined
  readonly OTP_NATS_CA_FILE?: string | undefined
  readonly OTP_NATS_CERT_FILE?: string | undefined
  readonly OTP_NATS_KEY_FILE?: string | undefined
}

/** For `connectNats`. */
export interface NatsSettings {
  readonly servers: readonly string[]
  readonly cluster: string
  readonly replicas: number
  readonly credentialsFile: string | undefined
  readonly nkeyFile: string | undefined
  readonly caFile: string | undefined
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
}

/** `undefined` where nothing rests on it. */
export function natsSettings(s: NatsVariables): NatsSettings | undefined {
  if (!isUsed(s)) return undefined
  return {
    servers: s.NATS_URL,
    cluster: s.OTP_NATS_CLUSTER ?? s.OTP_CLUSTER,
    replicas: s.OTP_NATS_REPLICAS,
    credentialsFile: s.OTP_NATS_CREDENTIALS_FILE,
    nkeyFile: s.OTP_NATS_NKEY_FILE,
    caFile: s.OTP_NATS_CA_FILE,
    certFile: s.OTP_NATS_CERT_FILE,
    keyFile: s.OTP_NATS_KEY_FILE,
  }
}

/** `given`: the variables that are set. */
export function natsProblems(s: NatsVariables, given: readonly string[]): string[] {
  const problems: string[] = []
  if (s.OTP_ARBITER !== 'nats' && given.includes('OTP_ARBITER_LEASE_MS')) {
    problems.push('OTP_ARBITER_LEASE_MS is set, but OTP_ARBITER is not nats: without an arbiter there is no lease')
  }
  if (!isUsed(s)) {
    for (const name of given.filter((each) => each.startsWith('OTP_NATS_'))) {
      problems.push(`${name} is set, but neither OTP_ARBITER nor OTP_STATE_STORE is nats`)
    }
    return problems
  }
  if (s.NATS_URL.length === 0) {
    const who = s.OTP_ARBITER === 'nats' ? 'OTP_ARBITER=nats' : 'OTP_STATE_STORE=nats'
    problems.push(`${who} needs NATS_URL: its servers, with commas, such as nats://127.0.0.1:4222`)
  }
  if (s.OTP_NATS_CLUSTER === undefined && !/^[A-Za-z0-9_-]{1,64}$/.test(s.OTP_CLUSTER)) {
    problems.push(`OTP_CLUSTER=${s.OTP_CLUSTER} can be no part of a bucket's name: set OTP_NATS_CLUSTER to letters, digits, _ and -`)
  }
  return problems
}

function isUsed({ OTP_ARBITER: arbiter, OTP_STATE_STORE: store }: NatsVariables): boolean {
  return arbiter === 'nats' || store === 'nats'
}
