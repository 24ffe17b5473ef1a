// The manifests and the topology against a real API server, where KUBEBUILDER_ASSETS names a folder with etcd, kube-apiserver and kubectl.
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { kubernetesTopology } from '#src/cluster/topology/kubernetes.ts'
import { TopologyRecorder } from '#test/contract/topology.ts'
import { eventually } from '#test/support/eventually.ts'
import { Command, Directory, endCommands } from './support/os.ts'

const assets = process.env.KUBEBUILDER_ASSETS
const missing = whyNone()
const home = new Directory()
const admin = randomBytes(16).toString('hex')
let server = ''

function whyNone(): string | undefined {
  if (assets === undefined) return 'KUBEBUILDER_ASSETS is not set, and no package of Debian or npm holds a kube-apiserver'
  const lacking = ['etcd', 'kube-apiserver', 'kubectl'].filter((program) => !existsSync(join(assets, program)))
  return lacking.length === 0 ? undefined : `KUBEBUILDER_ASSETS has no ${lacking.join(', ')}`
}

const program = (name: string): string => join(assets ?? '', name)
const file = (name: string): string => join(home.path, name)

async function freePort(): Promise<number> {
  const listening = createServer()
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as { port: number }
  await new Promise((resolve) => listening.close(resolve))
  return port
}

function kubectl(args: readonly string[], input?: object): string {
  const all = ['--server', server, '--insecure-skip-tls-verify', '--token', admin, '--namespace', 'otp-labs', ...args]
  return execFileSync(program('kubectl'), all, { encoding: 'utf8', ...(input === undefined ? {} : { input: stringify(input) }) })
}

beforeAll(async () => {
  if (missing !== undefined) return
  const [clients, peers, port] = [await freePort(), await freePort(), await freePort()]
  const etcd = `http://127.0.0.1:${clients}`
  const peer = `http://127.0.0.1:${peers}`
  const peerArgs = ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`]
  const clientArgs = ['--listen-client-urls', etcd, '--advertise-client-urls', etcd]
  new Command(program('etcd'), ['--data-dir', file('etcd'), ...clientArgs, ...peerArgs])
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(file('accounts.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  writeFileSync(file('tokens.csv'), `${admin},admin,admin,"system:masters"\n`)
  server = `https://127.0.0.1:${port}`
  new Command(program('kube-apiserver'), [
    ...['--etcd-servers', etcd, '--bind-address', '127.0.0.1', '--secure-port', String(port), '--cert-dir', file('certificates')],
    ...['--token-auth-file', file('tokens.csv'), '--authorization-mode', 'RBAC', '--service-cluster-ip-range', '10.0.0.0/24'],
    ...['--service-account-issuer', 'https://kubernetes.default.svc', '--service-account-key-file', file('accounts.key')],
    ...['--service-account-signing-key-file', file('accounts.key'), '--disable-admission-plugins', 'ServiceAccount'],
  ])
  await eventually('the API server is ready', 60_000, () => {
    try {
      return kubectl(['get', '--raw', '/readyz']) === 'ok'
    } catch {
      return false
    }
  })
  kubectl(['apply', '--server-side', '--filename', 'k8s/base/namespace.yaml'])
})
beforeEach(({ skip }) => skip(missing !== undefined, missing))
afterAll(async () => {
  await endCommands()
  home.remove()
})

test.for(['k8s/base', 'k8s/overlays/local'])('%s would be taken as it is, strictly', (folder) => {
  expect(kubectl(['apply', '--server-side', '--dry-run=server', '--validate=strict', '--kustomize', folder])).toContain(
    'statefulset.apps/otp',
  )
})

test('with the rights of its role a node sees who comes, who is about to end, and who has gone', async () => {
  kubectl(['apply', '--server-side', '--filename', 'k8s/base/service-account.yaml'])
  kubectl(['apply', '--server-side', '--filename', 'k8s/components/kubernetes-topology/rights.yaml'])
  const tell = (endpoints: readonly object[]) =>
    kubectl(['apply', '--server-side', '--filename', '-'], {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'otp-nodes-a', labels: { 'kubernetes.io/service-name': 'otp-nodes' } },
      addressType: 'IPv4',
      ports: [{ name: 'cluster', port: 4369 }],
      endpoints,
    })
  tell([{ addresses: ['10.0.0.1'], zone: 'zone-a' }])
  const kubeconfig = file('kubeconfig')
  const token = kubectl(['create', 'token', 'otp-node']).trim()
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { token } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'otp-labs' } }],
      'current-context': 'x',
    }),
  )
  const recorder = new TopologyRecorder()
  const running = await kubernetesTopology({ service: 'otp-nodes', kubeconfig }).start({ id: 'n1.1', address: '10.0.0.9:4369' }, recorder)
  const newest = () => recorder.sets.at(-1)?.join()
  await recorder.until(() => newest() === '10.0.0.1:4369')
  tell([{ addresses: ['10.0.0.1'], conditions: { terminating: true } }, { addresses: ['10.0.0.2'] }])
  await recorder.until(() => newest() === '10.0.0.1:4369,10.0.0.2:4369')
  expect(recorder.facts.terminating).toEqual(['10.0.0.1:4369'])
  kubectl(['delete', 'endpointslice', 'otp-nodes-a'])
  await recorder.until(() => newest() === '')
  expect(recorder.failures).toEqual([])
  await running.stop()
})
