// The environment as configuration: defaults, and every problem at once in words a person can act on.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readConfig, SETTING_NAMES } from '#config'
import { STRATEGIES } from '#distributed'
import type { SecretSource } from '#otp-labs'
import { topologyFrom } from '#src/topologies.ts'

const problemsOf = (environment: Record<string, string>): string => {
  try {
    readConfig(environment)
  } catch (error) {
    return (error as Error).message
  }
  return 'no problem'
}

describe('the configuration', () => {
  test('names every strategy that there is', () => {
    for (const { name } of STRATEGIES) expect(readConfig({ OTP_NODE_NAME: 'n1', OTP_PLACEMENT: name }).placement).toBe(name)
    expect(problemsOf({ OTP_NODE_NAME: 'n1', OTP_PLACEMENT: 'random' })).toContain('OTP_PLACEMENT="random"')
  })

  test('needs a node name and nothing else', () => {
    expect(readConfig({ OTP_NODE_NAME: 'n1', PATH: '/bin' })).toMatchObject({
      name: 'n1',
      cluster: 'otp-labs',
      secret: undefined,
      clusterHost: '127.0.0.1',
      clusterPort: 0,
      topologies: ['local'],
      httpPort: 4000,
      metricsPort: 9100,
      chaosAllowed: false,
      stateStore: 'none',
    })
  })

  test('takes a store of state, with what belongs to it', () => {
    const set = { OTP_NODE_NAME: 'n1', OTP_STATE_STORE: 'sqlite', OTP_STATE_DIR: '/var/lib/lots', OTP_STATE_COPIES: '2' }
    expect(readConfig(set)).toMatchObject({ stateStore: 'sqlite', stateDirectory: '/var/lib/lots', stateCopies: 2 })
    expect(problemsOf({ OTP_NODE_NAME: 'n1', OTP_STATE_STORE: 'paper', OTP_STATE_COPIES: '0' })).toMatch(
      /OTP_STATE_STORE="paper"[\s\S]*OTP_STATE_COPIES="0"/,
    )
  })

  test('takes NATS for an arbiter or a store of state, each alone or together', () => {
    const set = { OTP_NODE_NAME: 'n1', NATS_URL: 'nats://a:4222,b' }
    expect(readConfig(set)).toMatchObject({ arbiter: 'optimistic', nats: undefined })
    for (const use of [{ OTP_ARBITER: 'nats' }, { OTP_STATE_STORE: 'nats' }, { OTP_ARBITER: 'nats', OTP_STATE_STORE: 'nats' }]) {
      const { nats, arbiter, stateStore } = readConfig({ ...set, ...use })
      expect(nats).toMatchObject({ servers: ['nats://a:4222', 'b'], cluster: 'otp-labs', replicas: 1, credentialsFile: undefined })
      expect({ OTP_ARBITER: arbiter, OTP_STATE_STORE: stateStore }).toMatchObject(use)
    }
    const all = {
      OTP_ARBITER: 'nats',
      OTP_ARBITER_LEASE_MS: '5000',
      OTP_NATS_CLUSTER: 'shop',
      OTP_NATS_REPLICAS: '3',
      OTP_NATS_CA_FILE: '/ca',
    }
    expect(readConfig({ ...set, ...all })).toMatchObject({ arbiterLeaseMs: 5000, nats: { cluster: 'shop', replicas: 3, caFile: '/ca' } })
  })

  test('tells what NATS lacks, and what is set for it in vain', () => {
    const problems = (set: Record<string, string>): string => problemsOf({ OTP_NODE_NAME: 'n1', ...set })
    expect(problems({ OTP_ARBITER: 'nats' })).toContain('OTP_ARBITER=nats needs NATS_URL')
    expect(problems({ OTP_STATE_STORE: 'nats' })).toContain('OTP_STATE_STORE=nats needs NATS_URL')
    expect(problems({ OTP_NATS_REPLICAS: '3' })).toContain('OTP_NATS_REPLICAS is set, but neither OTP_ARBITER nor OTP_STATE_STORE is nats')
    expect(problems({ OTP_ARBITER_LEASE_MS: '5000' })).toContain('OTP_ARBITER_LEASE_MS is set, but OTP_ARBITER is not nats')
    const used = { OTP_ARBITER: 'nats', NATS_URL: 'nats' }
    expect(problems({ ...used, OTP_NATS_REPLICAS: '2' })).toContain('OTP_NATS_REPLICAS="2"')
    expect(problems({ ...used, OTP_NATS_CLUSTER: 'a.b' })).toContain('OTP_NATS_CLUSTER="a.b"')
    expect(problems({ ...used, OTP_CLUSTER: 'a.b' })).toContain('set OTP_NATS_CLUSTER')
    expect(problems({ ...used, OTP_ARBITER_LEASE_MS: '2999' })).toContain('OTP_ARBITER_LEASE_MS="2999"')
  })

  test('cannot be changed once it is read', () => {
    expect(Object.isFrozen(readConfig({ OTP_NODE_NAME: 'n1' }))).toBe(true)
  })

  test('tells all problems at once', () => {
    const problems = problemsOf({ OTP_HTTP_PORT: 'eighty', OTP_TOPOLOGIES: 'local,carrier-pigeon', OTP_CHAOS: 'yes' })
    expect(problems).toContain('4 problem(s)')
    expect(problems).toContain('OTP_NODE_NAME is needed')
    expect(problems).toContain('OTP_HTTP_PORT="eighty"')
    expect(problems).toContain('OTP_TOPOLOGIES="local,carrier-pigeon"')
    expect(problems).toContain('OTP_CHAOS="yes"')
  })

  test('takes no setting that it does not know, and says which was meant', () => {
    expect(problemsOf({ OTP_NODE_NAME: 'n1', OTP_HTPP_PORT: '4001' })).toContain('OTP_HTPP_PORT is no setting; did you mean OTP_HTTP_PORT?')
    expect(problemsOf({ OTP_NODE_NAME: 'n1', OTP_PIGEONS: '3' })).toMatch(/OTP_PIGEONS is no setting$/)
  })

  test('never shows a secret', () => {
    const problems = problemsOf({ OTP_NODE_NAME: 'n1', OTP_SECRET: 'hunter2' })
    expect(problems).toContain('OTP_SECRET=(not shown)')
    expect(problems).not.toContain('hunter2')
  })

  test('takes three files for TLS, or none', () => {
    const files = { OTP_TLS_CERT_FILE: '/c', OTP_TLS_KEY_FILE: '/k', OTP_TLS_CA_FILE: '/a' }
    const tls = { certFile: '/c', keyFile: '/k', caFile: '/a', peerName: undefined }
    expect(readConfig({ OTP_NODE_NAME: 'n1' }).tls).toBeUndefined()
    expect(readConfig({ OTP_NODE_NAME: 'n1', ...files }).tls).toEqual(tls)
    expect(readConfig({ OTP_NODE_NAME: 'n1', ...files, OTP_TLS_PEER_NAME: 'otp' }).tls).toEqual({ ...tls, peerName: 'otp' })
    for (const name of [...Object.keys(files), 'OTP_TLS_PEER_NAME']) {
      expect(problemsOf({ OTP_NODE_NAME: 'n1', [name]: '/x' })).toContain('TLS needs OTP_TLS_CERT_FILE')
    }
  })

  test('reads a secret from a file, without the newline at its end', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'otp-config-')), 'secret')
    writeFileSync(file, 'a secret of enough length\n')
    const { secret } = readConfig({ OTP_NODE_NAME: 'n1', OTP_SECRET_FILE: file })
    const read = secret as SecretSource
    expect(read()).toEqual(['a secret of enough length'])
    // Another one beside it, while they are changed.
    writeFileSync(file, 'another of enough length\n\na secret of enough length\n')
    expect(read()).toEqual(['another of enough length', 'a secret of enough length'])
    expect(problemsOf({ OTP_NODE_NAME: 'n1', OTP_SECRET_FILE: file, OTP_SECRET: 'another of enough length' })).toContain('set one')
    expect(problemsOf({ OTP_NODE_NAME: 'n1', OTP_SECRET_FILE: `${file}.none` })).toContain('cannot be read')
    writeFileSync(file, 'short')
    expect(problemsOf({ OTP_NODE_NAME: 'n1', OTP_SECRET_FILE: file })).toContain('at least 16 characters')
  })

  test('refuses to be reachable by others without a secret', () => {
    expect(problemsOf({ OTP_NODE_NAME: 'n1', OTP_CLUSTER_HOST: '0.0.0.0' })).toContain('set OTP_SECRET or OTP_SECRET_FILE')
    expect(readConfig({ OTP_NODE_NAME: 'n1', OTP_CLUSTER_HOST: '0.0.0.0', OTP_SECRET: 'a secret of enough length' }).clusterHost).toBe(
      '0.0.0.0',
    )
  })

  test('refuses to let others at the observer without a token', () => {
    const open = { OTP_NODE_NAME: 'n1', OTP_HTTP_HOST: '0.0.0.0' }
    expect(problemsOf(open)).toContain('set OTP_OBSERVER_TOKEN or OTP_OBSERVER_TOKEN_FILE')
    expect(problemsOf({ ...open, OTP_OBSERVER_MANAGE_TOKEN: 'a-token-of-enough-length' })).toContain('set OTP_OBSERVER_TOKEN')
    expect(problemsOf({ ...open, OTP_OBSERVER_TOKEN: 'a-token-of-enough-length' })).toBe('no problem')
    expect(problemsOf({ OTP_NODE_NAME: 'n1', OTP_METRICS_HOST: '0.0.0.0' })).toBe('no problem')
  })

  test('takes tokens from files, shows none, and wants two for two scopes', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'otp-config-')), 'token')
    writeFileSync(file, 'a-token-of-enough-length\n')
    const tokens = { OTP_NODE_NAME: 'n1', OTP_OBSERVER_TOKEN_FILE: file, OTP_METRICS_TOKEN: 'another-of-enough-length' }
    expect(readConfig(tokens).tokens).toEqual({ read: 'a-token-of-enough-length', manage: undefined, metrics: 'another-of-enough-length' })
    expect(problemsOf({ ...tokens, OTP_OBSERVER_MANAGE_TOKEN: 'a-token-of-enough-length' })).toContain('are the same')
    expect(problemsOf({ OTP_NODE_NAME: 'n1', OTP_OBSERVER_TOKEN: 'too short' })).toContain(
      'OTP_OBSERVER_TOKEN=(not shown): expected at least 16',
    )
    writeFileSync(file, 'a token with spaces in it')
    expect(problemsOf(tokens)).toContain('has a space')
  })

  test('wants peers for the static topology', () => {
    expect(problemsOf({ OTP_NODE_NAME: 'n1', OTP_TOPOLOGIES: 'static' })).toContain('set OTP_STATIC_PEERS')
    expect(problemsOf({ OTP_NODE_NAME: 'n1', OTP_TOPOLOGIES: 'static', OTP_STATIC_PEERS: 'a:1,b' })).toContain('expected host:port')
    expect(readConfig({ OTP_NODE_NAME: 'n1', OTP_TOPOLOGIES: 'static', OTP_STATIC_PEERS: 'a:1,b:2' }).staticPeers).toEqual(['a:1', 'b:2'])
  })

  test('hands each topology what was set for it, and leaves the rest to its defaults', () => {
    const config = readConfig({
      OTP_NODE_NAME: 'n1',
      OTP_CLUSTER_HOST: '10.0.0.1',
      OTP_CLUSTER_PORT: '4369',
      OTP_SECRET: 'a secret of enough length',
      OTP_TOPOLOGIES: 'gossip, dns, kubernetes',
      OTP_GOSSIP_TTL: '2',
      OTP_DNS_NAME: 'otp.example',
      OTP_DNS_PORT: '4369',
      OTP_DNS_SERVERS: '10.0.0.2,10.0.0.3:53',
      OTP_KUBERNETES_SERVICE: 'otp-nodes',
      OTP_KUBERNETES_PORT: 'cluster',
    })
    expect(config.topologies).toEqual(['gossip', 'dns', 'kubernetes'])
    expect(config.gossip).toEqual({ ttl: 2 })
    expect(config.dns).toEqual({ name: 'otp.example', port: 4369, servers: ['10.0.0.2', '10.0.0.3:53'] })
    expect(config.kubernetes).toEqual({ service: 'otp-nodes', port: 'cluster' })
    expect(config.topologies.map((name) => topologyFrom(name, config).name)).toEqual(config.topologies)
    const numbered = { OTP_KUBERNETES_SERVICE: 'a', OTP_KUBERNETES_PORT: '4369' }
    const reachable = { OTP_NODE_NAME: 'n1', OTP_CLUSTER_HOST: '10.0.0.1', OTP_CLUSTER_PORT: '1', OTP_SECRET: 'a secret of enough length' }
    expect(readConfig({ ...reachable, OTP_TOPOLOGIES: 'kubernetes', ...numbered }).kubernetes.port).toBe(4369)
  })

  test.each([
    ['gossip', {}, 'OTP_TOPOLOGIES has gossip: set OTP_SECRET or OTP_SECRET_FILE'],
    ['gossip', {}, 'OTP_TOPOLOGIES has gossip: set OTP_CLUSTER_HOST, since nobody else can reach 127.0.0.1'],
    ['kubernetes', { OTP_KUBERNETES_SERVICE: 'a' }, 'OTP_TOPOLOGIES has kubernetes: set OTP_CLUSTER_HOST'],
    ['kubernetes', {}, 'the options of the kubernetes topology cannot work: expected a service or a selector'],
    ['dns', { OTP_DNS_NAME: 'a.b' }, 'OTP_TOPOLOGIES has dns: set OTP_CLUSTER_PORT'],
    ['dns', {}, 'the options of the dns topology cannot work: expected a name to ask for, got ""'],
    ['dns', { OTP_DNS_NAME: 'a.b', OTP_DNS_SERVERS: 'ns.example' }, 'addresses of name servers'],
    ['local', { OTP_GOSSIP_PORT: '1' }, 'OTP_GOSSIP_PORT is set, but OTP_TOPOLOGIES has no gossip'],
    ['local', { OTP_STATIC_PEERS: 'a:1' }, 'OTP_STATIC_PEERS is set, but OTP_TOPOLOGIES has no static'],
    ['local,local', {}, 'OTP_TOPOLOGIES has a topology twice'],
  ])('says what contradicts the topologies %s with %j', (names, settings, words) => {
    expect(problemsOf({ OTP_NODE_NAME: 'n1', OTP_TOPOLOGIES: names, ...settings })).toContain(words)
  })

  test('takes gossip on loopback for nodes of one host', () => {
    const settings = { OTP_TOPOLOGIES: 'gossip', OTP_GOSSIP_INTERFACE: '127.0.0.1', OTP_SECRET: 'a secret of enough length' }
    expect(problemsOf({ OTP_NODE_NAME: 'n1', ...settings })).toBe('no problem')
  })

  test('is documented, every setting and no other', async () => {
    const page = await readFile('docs/reference/configuration.md', 'utf8')
    const documented = [...page.matchAll(/^\| `(NATS_URL|OTP_[A-Z_]+)`/gm)].map(([, name]) => name)
    expect(documented.toSorted()).toEqual(SETTING_NAMES.toSorted())
  })
})
