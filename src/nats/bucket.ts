// The buckets that a cluster keeps at NATS, as the streams that they are, and what is wrong with one that somebody else has made. Pure.

/** The part of a stream's configuration that matters here; times in nanoseconds. */
export interface StreamConfig {
  readonly name: string
  readonly subjects: readonly string[]
  readonly storage: string
  readonly num_replicas: number
  readonly retention: string
  readonly discard: string
  readonly max_msgs_per_subject: number
  readonly max_age: number
  readonly max_msgs: number
  readonly max_bytes: number
  readonly max_msg_size: number
  readonly allow_rollup_hdrs: boolean
  readonly deny_delete: boolean
  readonly allow_direct: boolean
  readonly allow_msg_ttl?: boolean
  readonly subject_delete_marker_ttl?: number
}

/** What a stream that somebody else has made may have besides. */
export interface FoundConfig extends Partial<StreamConfig> {
  readonly sealed?: boolean
  readonly no_ack?: boolean
  readonly mirror?: object
  readonly sources?: readonly object[]
  readonly subject_transform?: object
  readonly persist_mode?: string
}

const SECOND = 1_000_000_000

const ALWAYS = {
  storage: 'file',
  retention: 'limits',
  // What does not fit is refused: to make room by forgetting would be to forget who owns a name.
  discard: 'new',
  max_age: 0,
  max_msgs: -1,
  max_bytes: -1,
  max_msg_size: -1,
  allow_rollup_hdrs: true,
  // A direct answer comes from any replica, however far it lags behind.
  allow_direct: false,
} as const

/** Of keys and their values; laid out as the tools of NATS know it. */
export function keyValueBucket(bucket: string, replicas: number): StreamConfig {
  return {
    ...ALWAYS,
    name: `KV_${bucket}`,
    subjects: [`$KV.${bucket}.>`],
    num_replicas: replicas,
    max_msgs_per_subject: 1,
    deny_delete: true,
    allow_msg_ttl: true,
    // With it a key that expires is a write like any other, followed by all replicas; nobody needs to see it for longer.
    subject_delete_marker_ttl: SECOND,
  }
}

/** Of large objects in pieces. */
export function objectBucket(bucket: string, replicas: number): StreamConfig {
  return {
    ...ALWAYS,
    name: `OBJ_${bucket}`,
    subjects: [`$O.${bucket}.C.>`, `$O.${bucket}.M.>`],
    num_replicas: replicas,
    max_msgs_per_subject: -1,
    deny_delete: false,
  }
}

/** Why a stream that is there cannot be used for what was asked; more replicas, or limits that refuse, are the operator's choice. */
export function problemsOf(found: FoundConfig, asked: StreamConfig): string[] {
  const problems: string[] = []
  const must = (isRight: boolean, setting: string, expected: string): void => {
    const got = found[setting as keyof FoundConfig]
    if (!isRight) problems.push(`${setting}: expected ${expected}, got ${got === undefined ? 'nothing' : JSON.stringify(got)}`)
  }
  const covers = asked.subjects.every((subject) =>
    found.subjects?.some((wide) => wide === subject || subject.startsWith(wide.replace(/>$/, ''))),
  )
  must(covers, 'subjects', asked.subjects.join(' and '))
  must(found.storage === 'file', 'storage', 'file')
  must((found.num_replicas ?? 1) >= asked.num_replicas, 'num_replicas', `${asked.num_replicas} or more`)
  must(found.retention === 'limits', 'retention', 'limits')
  must(found.discard === 'new', 'discard', 'new')
  must((found.max_age ?? 0) === 0, 'max_age', 'none')
  must((found.max_msgs_per_subject ?? -1) === asked.max_msgs_per_subject, 'max_msgs_per_subject', String(asked.max_msgs_per_subject))
  must(found.allow_rollup_hdrs === true, 'allow_rollup_hdrs', 'true')
  if (asked.allow_msg_ttl === true) {
    must(found.allow_msg_ttl === true, 'allow_msg_ttl', 'true')
    must((found.subject_delete_marker_ttl ?? 0) > 0, 'subject_delete_marker_ttl', 'a second or more')
  }
  must(found.sealed !== true, 'sealed', 'false')
  must(found.no_ack !== true, 'no_ack', 'false')
  must(found.mirror === undefined, 'mirror', 'none')
  must((found.sources ?? []).length === 0, 'sources', 'none')
  must(found.subject_transform === undefined, 'subject_transform', 'none')
  must(found.persist_mode !== 'async', 'persist_mode', 'one that waits for the write')
  return problems
}
