// The rules for servers of NATS can fail: every fault that is planted into their component is caught by the rule that is there for it.
import { describe, expect, test } from 'vitest'
import { broken, configOf } from './support/broken.ts'
import { nameOf } from './support/policy.ts'
import { type Resource, renderWith, whyNoKubectl } from './support/render.ts'

const missing = whyNoKubectl()
const whole = missing === undefined ? renderWith(['nats']) : []

// biome-ignore lint/suspicious/noExplicitAny: faults are planted wherever they fit.
type Loose = any

/** Where faults may be planted. */
interface Places {
  readonly servers: Loose
  readonly pod: Loose
  readonly server: Loose
  readonly the: (name: string) => Loose
  /** Of a ConfigMap whose name ends in a hash. */
  readonly data: (name: string) => Loose
}

function changed(change: (places: Places) => void): Resource[] {
  const resources = structuredClone(whole)
  const the = (name: string) => resources.find((each) => nameOf(each) === name)
  const servers = the('StatefulSet otp-nats') as Loose
  const pod = servers.spec.template.spec
  const data = (name: string) =>
    (resources.find((each) => each.kind === 'ConfigMap' && each.metadata.name.startsWith(`${name}-`)) as Loose).data
  change({ servers, pod, server: pod.containers[0], the, data })
  return resources
}

const edit = (from: string, to: string) => (places: Places) => {
  const map = places.data('otp-nats')
  expect(map['nats.conf']).toContain(from)
  map['nats.conf'] = map['nats.conf'].replace(from, to)
}

describe.skipIf(missing !== undefined)(`a fault of NATS${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  test('is not there before it is planted', () => {
    expect(broken(whole)).toEqual({})
  })

  test.each<[string, string, (places: Places) => void]>([
    [
      'two servers',
      'natsMajority',
      ({ servers }) => {
        servers.spec.replicas = 2
      },
    ],
    [
      'servers that share a machine',
      'natsMajority',
      ({ pod }) => {
        pod.affinity = undefined
      },
    ],
    [
      'two taken away at a time',
      'natsMajority',
      ({ the }) => {
        the('PodDisruptionBudget otp-nats').spec.maxUnavailable = 2
      },
    ],
    [
      'writes that one server alone has',
      'natsMajority',
      ({ data }) => {
        data('otp-settings').OTP_NATS_REPLICAS = '1'
      },
    ],
    ['a route to nobody', 'natsHosts', edit('tls://otp-nats-2.otp-nats:6222', 'tls://otp-nats-3.otp-nats:6222')],
    [
      'an address of nobody',
      'natsHosts',
      ({ data }) => {
        data('otp-settings').NATS_URL = 'tls://otp-nats:4222'
      },
    ],
    [
      'a certificate for other names',
      'natsHosts',
      ({ the }) => {
        the('Certificate otp-nats').spec.dnsNames = ['otp-nats']
      },
    ],
    [
      'names of ready servers alone',
      'natsHosts',
      ({ the }) => {
        the('Service otp-nats').spec.publishNotReadyAddresses = false
      },
    ],
    ['writes that are not kept at once', 'natsKept', edit('sync_interval: always', 'sync_interval: 2m')],
    ['a store that is no disk', 'natsKept', edit('store_dir: /data', 'store_dir: /tmp')],
    ['a store larger than its disk', 'natsKept', edit('max_file_store: 8GB', 'max_file_store: 80GB')],
    ['a user who may do anything', 'natsAccess', edit('"$O.otp_otp-labs_states.>"', '">"')],
    ['a user who may too little', 'natsAccess', edit('"$O.otp_otp-labs_states.>"', '')],
    ['the account of another cluster', 'natsAccess', edit('"otp-labs" {', '"other" {')],
    ['routes that anybody may make', 'natsAccess', edit('verify: true', '')],
    [
      'nodes that do not sign in',
      'natsAccess',
      ({ data }) => {
        data('otp-settings').OTP_NATS_NKEY_FILE = ''
      },
    ],
    [
      'a server that is too old',
      'natsServer',
      ({ server }) => {
        server.image = 'nats:2.10.29'
      },
    ],
    [
      'no time to give away what it leads',
      'natsServer',
      ({ pod }) => {
        pod.terminationGracePeriodSeconds = 30
      },
    ],
    [
      'an end without a word',
      'natsServer',
      ({ server }) => {
        server.lifecycle = undefined
      },
    ],
    [
      'a port that nobody listens on',
      'natsServer',
      ({ server }) => {
        server.ports[0].containerPort = 4223
      },
    ],
    [
      'clients from anywhere',
      'natsNetwork',
      ({ the }) => {
        the('NetworkPolicy otp-nats').spec.ingress[0].from = [{ namespaceSelector: {} }]
      },
    ],
    [
      'routes from nodes',
      'natsNetwork',
      ({ the }) => {
        the('NetworkPolicy otp-nats').spec.ingress[0].ports.push({ port: 'routes' })
      },
    ],
    [
      'monitoring for all of the namespace',
      'natsNetwork',
      ({ the }) => {
        the('NetworkPolicy otp-nats').spec.ingress.push({ ports: [{ port: 'monitor' }] })
      },
    ],
    [
      'every port for Prometheus',
      'natsNetwork',
      ({ the }) => {
        the('NetworkPolicy otp-nats').spec.ingress[2].ports = undefined
      },
    ],
    [
      'a disk that is not claimed',
      'references',
      ({ servers }) => {
        servers.spec.volumeClaimTemplates = []
      },
    ],
    [
      'a seed that is mounted elsewhere',
      'files',
      ({ the }) => {
        the('StatefulSet otp').spec.template.spec.containers[0].volumeMounts.pop()
      },
    ],
  ])('is caught by its rule: %s (%s)', (_what, rule, change) => {
    expect(Object.keys(broken(changed(change), configOf(whole)))).toContain(rule)
  })
})
