// The rules and schemas for manifests can fail: every fault that is planted into the base is caught, and by the rule that is there for it.
import { describe, expect, test } from 'vitest'
import { broken, configOf } from './support/broken.ts'
import { containerOf } from './support/node-policy.ts'
import { nameOf, nodes } from './support/policy.ts'
import { type Resource, render, whyNoKubectl } from './support/render.ts'
import { schemaProblems } from './support/schemas.ts'

const missing = whyNoKubectl()
const base = missing === undefined ? render('k8s/base') : []

// biome-ignore lint/suspicious/noExplicitAny: faults are planted wherever they fit.
type Loose = any

/** Where faults may be planted. */
interface Places {
  readonly workload: Loose
  readonly pod: Loose
  readonly node: Loose
  readonly the: (name: string) => Loose
}

/** The base after one thing was changed. */
function changed(change: (places: Places) => void): Resource[] {
  const resources = structuredClone(base)
  const workload = nodes(resources)
  const the = (name: string) => resources.find((each) => nameOf(each) === name)
  change({ workload, pod: workload?.spec.template.spec, node: containerOf(resources), the })
  return resources
}

describe.skipIf(missing !== undefined)(`a fault${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  test('is not there before it is planted', () => {
    expect([broken(base), base.flatMap(schemaProblems)]).toEqual([{}, []])
  })

  test.each<[string, string, (places: Places) => void]>([
    [
      'a user that may be root',
      'restricted',
      ({ pod }) => {
        pod.securityContext.runAsNonRoot = false
      },
    ],
    [
      'a root file system that can be written to',
      'restricted',
      ({ node }) => {
        node.securityContext.readOnlyRootFilesystem = undefined
      },
    ],
    [
      'the network of the host',
      'restricted',
      ({ pod }) => {
        pod.hostNetwork = true
      },
    ],
    [
      'an image that is latest',
      'pinnedImages',
      ({ node }) => {
        node.image = 'otp-labs:latest'
      },
    ],
    [
      'an image without a tag',
      'pinnedImages',
      ({ node }) => {
        node.image = 'registry.example.com:5000/otp-labs'
      },
    ],
    [
      'a limit on the cpu',
      'resourcesAsked',
      ({ node }) => {
        node.resources.limits.cpu = '1'
      },
    ],
    [
      'less memory requested than it may take',
      'resourcesAsked',
      ({ node }) => {
        node.resources.requests.memory = '256Mi'
      },
    ],
    [
      'a ConfigMap that is not there',
      'references',
      ({ node }) => {
        node.envFrom[0].configMapRef.name = 'otp-setings'
      },
    ],
    [
      'a token for nothing',
      'tokens',
      ({ pod }) => {
        pod.automountServiceAccountToken = true
      },
    ],
    [
      'a selector that finds nothing',
      'selectors',
      ({ the }) => {
        the('Service otp').spec.selector = { app: 'otp' }
      },
    ],
    [
      'a cluster port open to clients',
      'network',
      ({ the }) => {
        the('NetworkPolicy otp-clients').spec.ingress[0].ports[0].port = 'cluster'
      },
    ],
    [
      'all ports open to clients',
      'network',
      ({ the }) => {
        the('NetworkPolicy otp-clients').spec.ingress[0].ports = undefined
      },
    ],
    [
      'nothing denied',
      'network',
      ({ the }) => {
        the('NetworkPolicy default-deny').spec.ingress = [{}]
      },
    ],
    [
      'pods that are not labelled',
      'labelled',
      ({ workload }) => {
        workload.spec.template.metadata.labels['app.kubernetes.io/name'] = undefined
      },
    ],
    [
      'service links',
      'serviceLinks',
      ({ pod }) => {
        pod.enableServiceLinks = undefined
      },
    ],
    [
      'a grace period that is too short',
      'grace',
      ({ pod }) => {
        pod.terminationGracePeriodSeconds = 60
      },
    ],
    [
      'no pause before the signal',
      'grace',
      ({ node }) => {
        node.lifecycle = undefined
      },
    ],
    [
      'liveness that depends on others',
      'probes',
      ({ node }) => {
        node.livenessProbe.httpGet.path = '/readyz'
      },
    ],
    [
      'a port that the node does not listen on',
      'ports',
      ({ node }) => {
        node.ports[2].containerPort = 9101
      },
    ],
    [
      'a Service for another port',
      'ports',
      ({ the }) => {
        the('Service otp-nodes').spec.ports[0].port = 4370
      },
    ],
    [
      'nodes that are found only when they are ready',
      'names',
      ({ the }) => {
        the('Service otp-nodes').spec.publishNotReadyAddresses = false
      },
    ],
    [
      'more replicas than members are expected',
      'expected',
      ({ workload }) => {
        workload.spec.replicas = 5
      },
    ],
    [
      'a secret that is mounted elsewhere',
      'files',
      ({ node }) => {
        node.volumeMounts[0].mountPath = '/run/secret'
      },
    ],
    [
      'a secret that is never replaced',
      'files',
      ({ node }) => {
        node.volumeMounts[0].subPath = 'cluster-secret'
      },
    ],
    [
      'two nodes taken away at a time',
      'disruption',
      ({ the }) => {
        the('PodDisruptionBudget otp').spec.maxUnavailable = 2
      },
    ],
    [
      'nodes that share a machine',
      'spread',
      ({ pod }) => {
        pod.topologySpreadConstraints.pop()
      },
    ],
  ])('is caught by its rule: %s (%s)', (_what, rule, change) => {
    expect(Object.keys(broken(changed(change), configOf(base)))).toContain(rule)
  })

  test.each<[string, string, (places: Places) => void]>([
    [
      'a field that does not exist',
      'there is no field /spec/template/spec/containers/0/readynessProbe',
      ({ node }) => {
        node.readynessProbe = {}
      },
    ],
    [
      'a field at the top that does not exist',
      'there is no field /sepc',
      ({ the }) => {
        the('Service otp').sepc = {}
      },
    ],
    [
      'a value of another type',
      'replicas',
      ({ workload }) => {
        workload.spec.replicas = 'three'
      },
    ],
    [
      'a field that is missing',
      'selector',
      ({ workload }) => {
        workload.spec.selector = undefined
      },
    ],
    [
      'a kind without a schema',
      'no schema is known for v1 Pod',
      ({ the }) => {
        the('Service otp').kind = 'Pod'
      },
    ],
  ])('is caught by a schema: %s', (_what, words, change) => {
    expect(changed(change).flatMap(schemaProblems).join('\n')).toContain(words)
  })

  test('is caught by the node itself: a setting that is none', () => {
    const resources = changed(({ node }) => {
      node.env.push({ name: 'OTP_MEMBERS', value: '3' })
    })
    expect(() => configOf(resources)).toThrow('OTP_MEMBERS is no setting')
  })
})
