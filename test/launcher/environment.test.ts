// The environment of a run's node: the launcher's settings win, the user's others go through.
import { expect, test } from 'vitest'
import { readConfig } from '#config'
import { nodeEnvironment, sharedSettings } from '#src/launcher/environment.ts'

const own = { number: 2, portBase: 4100, nodes: 3, secret: 'a secret of the run', directory: '/run/user/1/otp-labs/run-4100' }

test('it is a configuration that a node accepts', () => {
  expect(readConfig(nodeEnvironment(own, {}))).toMatchObject({
    name: 'n2',
    httpPort: 4102,
    metricsPort: 9202,
    secret: own.secret,
    runtimeDirectory: own.directory,
    chaosAllowed: true,
    membersExpected: 3,
    topologies: ['local'],
    stateStore: 'memory',
  })
})

test('what the user has set otherwise goes through, and what would contradict does not', () => {
  const user = {
    PATH: '/bin',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318',
    OTP_LOG_LEVEL: 'debug',
    OTP_STATE_STORE: 'none',
    OTP_SECRET_FILE: '/etc/secret',
    OTP_STATIC_PEERS: 'a:1',
    OTP_DNS_NAME: 'otp.example',
    OTP_NODE_NAME: 'mine',
    OTP_SECRET: 'mine',
    OTP_CLUSTER_PORT: '4369',
    OTP_CHAOS: 'off',
  }
  const environment = nodeEnvironment(own, user)
  expect(environment).toMatchObject({
    PATH: '/bin',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318',
    OTP_NODE_NAME: 'n2',
    OTP_CLUSTER_PORT: '0',
  })
  expect(readConfig(environment)).toMatchObject({ logLevel: 'debug', stateStore: 'none', secret: own.secret, chaosAllowed: true })
  expect(Object.keys(environment)).not.toContain('OTP_SECRET_FILE')
})

test('a variable that is no setting goes through, for the node to refuse it by name', () => {
  expect(() => readConfig(nodeEnvironment(own, { OTP_LOG_LEVLE: 'debug' }))).toThrow(
    'OTP_LOG_LEVLE is no setting; did you mean OTP_LOG_LEVEL?',
  )
})

test('what the store of state and the arbiter are told is the run’s, for nodes that come back into it', () => {
  const user = { PATH: '/bin', OTP_STATE_STORE: 'sqlite', OTP_STATE_DIR: '/var/lib/lots', OTP_LOG_LEVEL: 'debug' }
  expect(sharedSettings(user)).toEqual({ OTP_STATE_STORE: 'sqlite', OTP_STATE_DIR: '/var/lib/lots' })
  const nats = { OTP_ARBITER: 'nats', OTP_ARBITER_LEASE_MS: '5000', OTP_NATS_CLUSTER: 'run', NATS_URL: 'nats://a' }
  expect(sharedSettings({ ...nats, NATS_URLS: 'b', OTP_STATELESS: 'c' })).toEqual(nats)
})
