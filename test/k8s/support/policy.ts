// Pure. What this project asks of its manifests beyond the schemas; each rule answers what breaks it, in words.
import type { Resource } from './render.ts'

export interface Container {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly env?: readonly {
    readonly name: string
    readonly value?: string
    readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } }
  }[]
  readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly resources?: { readonly requests?: Quantities; readonly limits?: Quantities }
  readonly securityContext?: Readonly<Record<string, unknown>>
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } }
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[]
  readonly startupProbe?: Probe
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
}

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string }
}

type Quantities = Readonly<Record<string, string>>

interface Volume {
  readonly name: string
  readonly configMap?: { readonly name: string }
  readonly secret?: { readonly secretName: string }
  readonly projected?: { readonly sources: readonly { readonly configMap?: { readonly name: string } }[] }
  readonly emptyDir?: object
}

export interface PodSpec {
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly volumes?: readonly Volume[]
  readonly serviceAccountName?: string
  readonly automountServiceAccountToken?: boolean
  readonly enableServiceLinks?: boolean
  readonly terminationGracePeriodSeconds?: number
  readonly securityContext?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

interface WorkloadSpec {
  readonly replicas?: number
  readonly selector: { readonly matchLabels: Labels }
  readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec }
  readonly serviceName?: string
  readonly volumeClaimTemplates?: readonly {
    readonly metadata: { readonly name: string }
    readonly spec: { readonly resources: { readonly requests: { readonly storage: string } } }
  }[]
}

export type Labels = Readonly<Record<string, string>>
export type Workload = Resource & { readonly spec: WorkloadSpec }

/** What breaks a rule, in words. */
export type Rule = (resources: readonly Resource[]) => string[]

export const workloads = (resources: readonly Resource[]): Workload[] =>
  resources.filter(({ kind }) => kind === 'StatefulSet' || kind === 'Deployment') as Workload[]

/** The workload whose pods are the nodes of the cluster. */
export const nodes = (resources: readonly Resource[]): Workload | undefined =>
  workloads(resources).find(({ spec }) => spec.template.metadata.labels['app.kubernetes.io/component'] === 'node')

export const nameOf = ({ kind, metadata }: Resource): string => `${kind} ${metadata.name}`

const containers = ({ spec }: Workload): readonly Container[] => [
  ...(spec.template.spec.initContainers ?? []),
  ...spec.template.spec.containers,
]

/** Of each container, what a check of it says. */
const ofContainers =
  (check: (container: Container, pod: PodSpec) => readonly (string | false)[]): Rule =>
  (resources) =>
    workloads(resources).flatMap((workload) =>
      containers(workload).flatMap((container) =>
        check(container, workload.spec.template.spec)
          .filter((problem) => problem !== false)
          .map((problem) => `${nameOf(workload)}, container ${container.name}: ${problem}`),
      ),
    )

/** The pod security standard `restricted`, and a root file system that nobody writes to. */
const restricted: Rule = (resources) => [
  ...ofContainers(({ securityContext = {} }, { securityContext: pod = {} }) => {
    const { drop = [] } = (securityContext.capabilities ?? {}) as { drop?: string[] }
    return [
      pod.runAsNonRoot !== true && 'runAsNonRoot has to be true for its pod',
      !(Number(pod.runAsUser) > 0) && 'its pod needs runAsUser, a number above 0',
      (pod.seccompProfile as { type?: string } | undefined)?.type !== 'RuntimeDefault' && 'its pod needs the seccompProfile RuntimeDefault',
      securityContext.allowPrivilegeEscalation !== false && 'allowPrivilegeEscalation has to be false',
      securityContext.readOnlyRootFilesystem !== true && 'readOnlyRootFilesystem has to be true',
      securityContext.privileged === true && 'it may not be privileged',
      !drop.includes('ALL') && 'capabilities.drop needs ALL',
    ]
  })(resources),
  ...workloads(resources).flatMap((workload) =>
    ['hostNetwork', 'hostPID', 'hostIPC']
      .filter((field) => workload.spec.template.spec[field] === true)
      .map((field) => `${nameOf(workload)}: no ${field}`),
  ),
  ...resources
    .filter(({ kind, metadata }) => kind === 'Namespace' && metadata.labels?.['pod-security.kubernetes.io/enforce'] !== 'restricted')
    .map((namespace) => `${nameOf(namespace)}: has to enforce restricted`),
]

const pinnedImages = ofContainers(({ image }) => [
  !/(:[\w][\w.-]*|@sha256:[0-9a-f]{64})$/.test(image) && `${image} has no tag`,
  image.endsWith(':latest') && `${image} is another image tomorrow`,
])

/** Memory requested is memory had; a limit on the CPU reads as a dead node. */
const resourcesAsked = ofContainers(({ resources: { requests = {}, limits = {} } = {} }) => [
  requests.cpu === undefined && 'requests no cpu',
  limits.cpu !== undefined && 'has a limit on the cpu',
  (requests.memory === undefined || requests.memory !== limits.memory) && 'has to request as much memory as its limit is',
])

/** What is named has to be there: config maps, the service account, volumes of mounts. */
const references: Rule = (resources) => {
  const has = (kind: string, name: string) => resources.some((each) => each.kind === kind && each.metadata.name === name)
  return workloads(resources).flatMap((workload) => {
    const { volumes = [], serviceAccountName, ...pod } = workload.spec.template.spec
    const maps = [
      ...volumes.flatMap(({ configMap, projected }) => [configMap, ...(projected?.sources ?? []).map((source) => source.configMap)]),
      ...pod.containers.flatMap(({ envFrom = [] }) => envFrom.map(({ configMapRef }) => configMapRef)),
    ].flatMap((map) => map?.name ?? [])
    const claims = (workload.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name)
    const known = [...volumes.map(({ name }) => name), ...claims]
    const mounts = pod.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name))
    return [
      ...maps.filter((name) => !has('ConfigMap', name)).map((name) => `no ConfigMap ${name}`),
      ...mounts.filter((name) => !known.includes(name)).map((name) => `no volume ${name}`),
      ...(serviceAccountName === undefined || has('ServiceAccount', serviceAccountName) ? [] : [`no ServiceAccount ${serviceAccountName}`]),
    ].map((problem) => `${nameOf(workload)}: ${problem}`)
  })
}

/** A token is mounted only into pods whose account may do something. */
const tokens: Rule = (resources) => {
  const withRights = resources
    .filter(({ kind }) => kind === 'RoleBinding')
    .flatMap(({ subjects }) => (subjects as { name: string }[]).map(({ name }) => name))
  return workloads(resources).flatMap((workload) => {
    const { serviceAccountName = 'default', automountServiceAccountToken } = workload.spec.template.spec
    const isNeeded = withRights.includes(serviceAccountName)
    if (automountServiceAccountToken === isNeeded) return []
    return [`${nameOf(workload)}: automountServiceAccountToken has to be ${isNeeded}`]
  })
}

/** Every selector of the namespace finds a pod, and a workload its own. */
const selectors: Rule = (resources) => {
  const pods = workloads(resources).map(({ spec }) => spec.template.metadata.labels)
  const finds = (labels: Labels) => pods.some((pod) => matches(labels, pod))
  return resources.flatMap((resource) => {
    const { selector, podSelector } = (resource.spec ?? {}) as {
      selector?: Labels & { matchLabels?: Labels }
      podSelector?: { matchLabels?: Labels }
    }
    const labels = resource.kind === 'Service' ? selector : (selector?.matchLabels ?? podSelector?.matchLabels)
    if (labels === undefined || finds(labels)) return []
    return [`${nameOf(resource)}: its selector finds no pod`]
  })
}

/** All in one namespace that denies by default, the cluster port open to nodes alone. */
const network: Rule = (resources) => {
  const policies = resources.filter(({ kind }) => kind === 'NetworkPolicy') as (Resource & { spec: NetworkPolicySpec })[]
  const deniesAll = policies.some(
    ({ spec }) =>
      Object.keys(spec.podSelector).length === 0 &&
      spec.policyTypes.length === 2 &&
      spec.ingress === undefined &&
      spec.egress === undefined,
  )
  const problems = deniesAll ? [] : ['no NetworkPolicy denies by default']
  for (const policy of policies) {
    for (const { from, ports } of policy.spec.ingress ?? []) {
      const isCluster = ports === undefined || ports.some(({ port }) => port === 'cluster' || port === 4369)
      const isForNodes = policy.spec.podSelector.matchLabels?.['app.kubernetes.io/component'] === 'node'
      const isFromNodes =
        (from ?? []).length > 0 && (from ?? []).every((peer) => peer.namespaceSelector === undefined && isNode(peer.podSelector))
      if (isForNodes && isCluster && !isFromNodes) problems.push(`${nameOf(policy)}: opens the cluster port to others than nodes`)
    }
  }
  return problems
}

/** What a policy lets in. */
export interface NetworkPolicySpec {
  readonly podSelector: { readonly matchLabels?: Labels }
  readonly policyTypes: readonly string[]
  readonly ingress?: readonly { readonly from?: readonly Peer[]; readonly ports?: readonly { readonly port?: string | number }[] }[]
  readonly egress?: readonly object[]
}

/** Who may come. */
export interface Peer {
  readonly podSelector?: { readonly matchLabels?: Labels }
  readonly namespaceSelector?: object
}

const isNode = (selector: Peer['podSelector']): boolean => selector?.matchLabels?.['app.kubernetes.io/component'] === 'node'

const labelled: Rule = (resources) =>
  workloads(resources).flatMap((workload) => {
    const { labels } = workload.spec.template.metadata
    const missing = ['app.kubernetes.io/name', 'app.kubernetes.io/component'].filter((label) => labels[label] === undefined)
    return missing.map((label) => `${nameOf(workload)}: its pods have no label ${label}`)
  })

/** For a Service `otp-x` Kubernetes puts `OTP_X_…` into pods, which no node takes. */
const serviceLinks: Rule = (resources) =>
  workloads(resources)
    .filter(({ spec }) => spec.template.spec.enableServiceLinks !== false)
    .map((workload) => `${nameOf(workload)}: enableServiceLinks has to be false`)

/** Role rules name what they allow. */
const rights: Rule = (resources) =>
  resources
    .filter(({ kind, rules }) => kind === 'Role' && JSON.stringify(rules).includes('"*"'))
    .map((role) => `${nameOf(role)}: allows whatever there is`)

export function matches(labels: Labels, pod: Labels): boolean {
  return Object.entries(labels).every(([label, value]) => pod[label] === value)
}

/** Those that hold for every program that is deployed. */
export const RULES: Readonly<Record<string, Rule>> = {
  restricted,
  pinnedImages,
  resourcesAsked,
  references,
  tokens,
  selectors,
  network,
  labelled,
  serviceLinks,
  rights,
}
