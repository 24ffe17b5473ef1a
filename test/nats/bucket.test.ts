// Which servers and buckets of NATS are fit to decide: what is asked for, and why another one is refused.
import { describe, expect, test } from 'vitest'
import { type FoundConfig, keyValueBucket, objectBucket, problemsOf } from '#src/nats/bucket.ts'
import { isAble, refusal } from '#src/nats/server-version.ts'

const names = keyValueBucket('otp_shop_names', 3)
const states = objectBucket('otp_shop_states', 3)

describe('a server', () => {
  test.for(['2.11.0', '2.15.1', '2.12.0-RC.1', 'v3.0.0', '10.2.1'])('%s is able', (version) => {
    expect(isAble(version)).toBe(true)
  })

  test.for(['2.9.10', '2.10.27', '1.99.0', '', 'devel'])('%s is not', (version) => {
    expect(isAble(version)).toBe(false)
  })

  test('that is too old is told what is there, what is needed, and how to get it', () => {
    expect(refusal('2.9.10', '10.0.0.1:4222')).toMatch(/NATS 2\.11 or later.*2\.9\.10 at 10\.0\.0\.1:4222.*releases/)
  })
})

describe('a bucket', () => {
  test('as it is made here is fit', () => {
    expect(problemsOf(names, names)).toEqual([])
    expect(problemsOf(states, states)).toEqual([])
  })

  test('with more replicas, wider subjects, direct reads and limits that refuse is fit, too', () => {
    const found: FoundConfig = { ...names, num_replicas: 5, subjects: ['$KV.>'], allow_direct: true, max_bytes: 1e9, max_msg_size: 65_536 }
    expect(problemsOf(found, names)).toEqual([])
  })

  test.for<[string, FoundConfig]>([
    ['subjects', { subjects: ['$KV.otp_other_names.>'] }],
    ['storage', { storage: 'memory' }],
    ['num_replicas', { num_replicas: 1 }],
    ['retention', { retention: 'workqueue' }],
    ['discard', { discard: 'old' }],
    ['max_age', { max_age: 1e9 }],
    ['max_msgs_per_subject', { max_msgs_per_subject: 5 }],
    ['allow_rollup_hdrs', { allow_rollup_hdrs: false }],
    ['allow_msg_ttl', { allow_msg_ttl: false }],
    ['subject_delete_marker_ttl', { subject_delete_marker_ttl: 0 }],
    ['sealed', { sealed: true }],
    ['no_ack', { no_ack: true }],
    ['mirror', { mirror: { name: 'other' } }],
    ['sources', { sources: [{ name: 'other' }] }],
    ['subject_transform', { subject_transform: { src: '>', dest: 'x.>' } }],
    ['persist_mode', { persist_mode: 'async' }],
  ])('with another %s is refused', ([setting, change]) => {
    const problems = problemsOf({ ...names, ...change }, names)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(new RegExp(`^${setting}: expected .*, got `))
  })

  test('of objects needs no time to live', () => {
    expect(problemsOf({ ...states, allow_msg_ttl: false }, states)).toEqual([])
    expect(problemsOf({ ...states, max_msgs_per_subject: 1 }, states)).toHaveLength(1)
  })
})
