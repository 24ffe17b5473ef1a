// Clusters that form by themselves: OS processes that find each other by gossip or by a name, and nodes that an API server tells of.
import { randomBytes, randomInt } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { platform } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { createNode, kubernetesTopology } from '#otp-labs'
import { FakeApiServer, SERVICE } from '#test/support/api-server.ts'
import { eventually } from '#test/support/eventually.ts'
import { NameServer } from '#test/support/name-server.ts'
import { Command, Directory, endCommands } from './support/os.ts'

const home = new Directory()
const secret = randomBytes(16).toString('hex')
/** Every address that begins with 127 is this host, so each node has one of its own and all have the same port. */
const hosts = ['127.0.1.1', '127.0.1.2', '127.0.1.3'] as const
const onlyOneLoopback = platform() !== 'linux'
const reason = 'only Linux has every address that begins with 127 on its loopback interface'

afterEach(endCommands)
afterAll(() => home.remove())

function startNode(name: string, env: Readonly<Record<string, string>>): Command {
  return new Command(process.execPath, ['src/main.ts'], {
    XDG_RUNTIME_DIR: home.path,
    OTP_NODE_NAME: name,
    OTP_SECRET: secret,
    OTP_HTTP_PORT: '0',
    OTP_METRICS_PORT: '0',
    ...env,
  })
}

/** What a node's log says it listens on. */
async function ready(node: Command): Promise<{ http: string; metrics: string }> {
  const line = await eventually(`a node is ready: ${node.stderr}`, 30_000, () =>
    node.stdout.split('\n').find((each) => each.includes('"msg":"ready"')),
  )
  return JSON.parse(line) as { http: string; metrics: string }
}

async function membersUp(http: string): Promise<string[]> {
  const response = await fetch(`${http}/observer/v1/cluster`)
  const { members } = (await response.json()) as { members: { name: string; status: string }[] }
  return members.filter(({ status }) => status === 'up').map(({ name }) => name)
}

async function peersFound(metrics: string, topology: string): Promise<number> {
  const page = await (await fetch(`${metrics}/metrics`)).text()
  return Number(new RegExp(`^otp_topology_peers\\{topology="${topology}"\\} (\\d+)`, 'm').exec(page)?.[1])
}

describe('OS processes', () => {
  const gossip = { OTP_TOPOLOGIES: 'gossip', OTP_GOSSIP_INTERFACE: '127.0.0.1', OTP_GOSSIP_TTL: '0' }

  test.for(['gossip', 'dns'])('find each other by %s, and see who has gone', async (topology, { skip }) => {
    skip(onlyOneLoopback, reason)
    const port = String(randomInt(20_000, 60_000))
    const nameServer = await NameServer.start()
    nameServer.names.set('otp.example', { A: hosts })
    const dns = {
      OTP_TOPOLOGIES: 'dns',
      OTP_DNS_NAME: 'otp.example',
      OTP_DNS_PORT: port,
      OTP_DNS_SERVERS: nameServer.address,
      OTP_DNS_POLL_MS: '200',
    }
    const settings = { OTP_CLUSTER_PORT: port, ...(topology === 'dns' ? dns : { ...gossip, OTP_GOSSIP_PORT: port }) }
    const nodes = hosts.map((host, index) => startNode(`n${index + 1}`, { ...settings, OTP_CLUSTER_HOST: host }))
    const addresses = await Promise.all(nodes.map(ready))
    const [first] = addresses as [{ http: string; metrics: string }]
    for (const { http } of addresses) await eventually('three members', 10_000, async () => (await membersUp(http)).length === 3)
    expect(await peersFound(first.metrics, topology)).toBe(2)
    nameServer.names.set('otp.example', { A: hosts.slice(0, 2) })
    nodes[2]?.kill('SIGTERM')
    expect(await nodes[2]?.ended).toMatchObject({ code: 0 })
    await eventually('two members', 10_000, async () => (await membersUp(first.http)).join() === 'n1,n2')
    await eventually('one peer', 10_000, async () => (await peersFound(first.metrics, topology)) === 1)
    await nameServer.close()
  })
})

test('pods of a service are one cluster, and nothing is placed on one that was told to end', async ({ skip }) => {
  skip(onlyOneLoopback, reason)
  const api = await new FakeApiServer().start()
  const directory = mkdtempSync(join(home.path, 'kubernetes-'))
  const [kubeconfig, tokenFile] = [join(directory, 'kubeconfig'), join(directory, 'token')]
  writeFileSync(tokenFile, api.token)
  writeFileSync(kubeconfig, api.kubeconfig(tokenFile))
  const port = randomInt(20_000, 60_000)
  api.ports = [{ name: 'cluster', port }]
  const pods = [
    { uid: 'a', address: hosts[0] },
    { uid: 'b', address: hosts[1] },
  ]
  api.set('otp-a', pods)
  const options = { secret, port, topologies: [kubernetesTopology({ service: SERVICE, kubeconfig })] }
  await using a = await createNode({ name: 'a', host: hosts[0], ...options })
  await using b = await createNode({ name: 'b', host: hosts[1], ...options })
  await eventually('both are candidates', 10_000, () => a.cluster.candidates().length === 2)
  api.set('otp-a', [pods[0], { ...pods[1], terminating: true }] as typeof pods)
  await eventually('one is a candidate', 10_000, () => a.cluster.candidates().length === 1 && b.cluster.candidates().length === 1)
  expect([a.cluster.candidates(), b.cluster.candidates(), a.cluster.alive.size]).toEqual([[a.id], [a.id], 2])
  const failures: unknown[] = []
  a.events.subscribe('failures', { 'topology.failed': (event) => failures.push(event) })
  // The platform falls silent: everybody stays.
  await api.close()
  await eventually('failures are told', 10_000, () => failures.length > 0)
  expect([a.cluster.candidates(), a.cluster.alive.size]).toEqual([[a.id], 2])
})
