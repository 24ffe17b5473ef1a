// Pure. What is asked of the pods that are nodes: that their settings are settings, and that ports, paths and times agree with each other.
import type { Config } from '#config'
import { type Container, matches, nodes, type Rule, type Workload } from './policy.ts'
import type { Resource } from './render.ts'

/** Between the node's own last resort and the kill: what the kubelet and a busy machine may take. */
export const GRACE_MARGIN_MS = 15_000

/** What the kubelet puts in for the downward API, such as it might be. */
const DOWNWARD: Readonly<Record<string, string>> = {
  'metadata.name': 'otp-0',
  'metadata.namespace': 'otp-labs',
  'metadata.uid': '8a1f3c52-1d0e-4d8c-9f52-0f3c6c1c2f10',
  'spec.nodeName': 'worker-1',
  'status.podIP': '10.244.1.7',
  "metadata.labels['topology.kubernetes.io/zone']": 'zone-a',
}

/** The environment of a node's process, as the kubelet makes it: settings of the ConfigMap, then the pod's own, with $(NAME) filled in. */
export function environmentOf(resources: readonly Resource[]): Record<string, string> {
  const environment: Record<string, string> = {}
  const { env = [], envFrom = [] } = containerOf(resources)
  for (const { configMapRef } of envFrom) {
    const map = resources.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMapRef?.name)
    Object.assign(environment, map?.data)
  }
  for (const { name, value, valueFrom } of env) {
    const path = valueFrom?.fieldRef?.fieldPath
    const raw = path === undefined ? (value ?? '') : (DOWNWARD[path] ?? `no sample for ${path}`)
    environment[name] = raw.replaceAll(/\$\((\w+)\)/g, (whole, other: string) => environment[other] ?? whole)
  }
  return environment
}

export function containerOf(resources: readonly Resource[]): Container {
  const container = nodes(resources)?.spec.template.spec.containers[0]
  if (container === undefined) throw new Error('no pods are nodes')
  return container
}

/** The rules for nodes, given what the configuration makes of their environment. */
export const nodeRules = ({
  httpPort,
  metricsPort,
  clusterPort,
  membersExpected,
  shutdownTimeoutMs,
}: Config): Readonly<Record<string, Rule>> => ({
  /** The grace period is what it is made of, and no more. */
  grace: (resources) => {
    const { spec } = nodes(resources) as Workload
    const preStopMs = (containerOf(resources).lifecycle?.preStop?.sleep?.seconds ?? 0) * 1000
    const { terminationGracePeriodSeconds: seconds = 30 } = spec.template.spec
    const neededMs = preStopMs + shutdownTimeoutMs + GRACE_MARGIN_MS
    return [
      ...(preStopMs >= 3000 ? [] : ['preStop has to sleep 3 s or more: so long others may take to hear that the pod ends']),
      ...(seconds * 1000 === neededMs ? [] : [`terminationGracePeriodSeconds is ${seconds}, and has to be ${neededMs / 1000}`]),
    ]
  },
  probes: (resources) => {
    const { startupProbe, livenessProbe, readinessProbe } = containerOf(resources)
    const asks = (probe: typeof startupProbe) => `${probe?.httpGet?.port} ${probe?.httpGet?.path}`
    return [
      ...(asks(startupProbe) === 'metrics /healthz' ? [] : [`startup asks ${asks(startupProbe)}`]),
      ...(asks(livenessProbe) === 'metrics /healthz' ? [] : [`liveness asks ${asks(livenessProbe)}`]),
      ...(asks(readinessProbe) === 'metrics /readyz' ? [] : [`readiness asks ${asks(readinessProbe)}`]),
    ]
  },
  ports: (resources) => {
    const { ports = [] } = containerOf(resources)
    const wanted: Readonly<Record<string, number>> = { cluster: clusterPort, http: httpPort, metrics: metricsPort }
    const open = ports
      .filter(({ name, containerPort }) => wanted[name] !== containerPort)
      .map(({ name, containerPort }) => `${name} is ${containerPort}, and the node listens on ${wanted[name]}`)
    const missing = Object.keys(wanted)
      .filter((name) => !ports.some((port) => port.name === name))
      .map((name) => `no port ${name}`)
    const services = resources
      .filter(({ kind, spec }) => kind === 'Service' && selects(spec, resources))
      .flatMap(({ metadata, spec }) =>
        (spec as ServiceSpec).ports
          .filter(({ name, port, targetPort }) => wanted[name] !== port || targetPort !== name)
          .map(({ name, port }) => `Service ${metadata.name}: ${name} is ${port}, and the node listens on ${wanted[name]}`),
      )
    return [...open, ...missing, ...services]
  },
  /** Nodes find each other before they are ready, and while they end. */
  names: (resources) => {
    const headless = resources.filter(
      ({ kind, spec }) => kind === 'Service' && (spec as ServiceSpec).clusterIP === 'None' && selects(spec, resources),
    )
    if (headless.length !== 1) return ['one Service has to be headless']
    const [{ metadata, spec }] = headless as [Resource]
    const { serviceName } = (nodes(resources) as Workload).spec as { serviceName?: string }
    const { OTP_DNS_NAME: name = '', OTP_KUBERNETES_SERVICE: service } = environmentOf(resources)
    return [
      ...((spec as ServiceSpec).publishNotReadyAddresses === true ? [] : ['publishNotReadyAddresses has to be true']),
      ...(serviceName === undefined || serviceName === metadata.name ? [] : [`serviceName is ${serviceName}`]),
      ...(name === `${metadata.name}.otp-labs.svc.cluster.local` ? [] : [`OTP_DNS_NAME is ${name}`]),
      ...(service === undefined || service === metadata.name ? [] : [`OTP_KUBERNETES_SERVICE is ${service}`]),
    ]
  },
  /** How many members there should be is how many pods there are, unless an autoscaler decides. */
  expected: (resources) => {
    const { kind, metadata, spec } = nodes(resources) as Workload
    const scaler = resources.find((each) => each.kind === 'HorizontalPodAutoscaler')
    if (scaler === undefined) {
      return membersExpected === spec.replicas
        ? []
        : [`OTP_MEMBERS_EXPECTED is ${membersExpected}, and there are ${spec.replicas} replicas`]
    }
    const { scaleTargetRef } = scaler.spec as { scaleTargetRef: { kind: string; name: string } }
    return [
      ...(membersExpected === undefined ? [] : ['with an autoscaler OTP_MEMBERS_EXPECTED has to be empty']),
      ...(spec.replicas === undefined ? [] : ['with an autoscaler there may be no replicas: they would be set back']),
      ...(scaleTargetRef.kind === kind && scaleTargetRef.name === metadata.name
        ? []
        : [`the autoscaler scales ${scaleTargetRef.kind} ${scaleTargetRef.name}`]),
    ]
  },
  /** Files that settings name lie in mounts of whole Secrets, which Kubernetes keeps current. */
  files: (resources) => {
    const { volumeMounts = [] } = containerOf(resources)
    return Object.entries(environmentOf(resources))
      .filter(([name]) => /^OTP_.*_FILE$/.test(name))
      .flatMap(([name, path]) => {
        const mount = volumeMounts.find(({ mountPath }) => path.startsWith(`${mountPath}/`))
        if (mount === undefined) return [`${name}=${path} lies in no mount`]
        return mount.subPath === undefined ? [] : [`${name}: a file mounted by subPath is never replaced`]
      })
  },
  disruption: (resources) => {
    const budget = resources.find(({ kind, spec }) => kind === 'PodDisruptionBudget' && selects(spec, resources))
    return (budget?.spec as { maxUnavailable?: number } | undefined)?.maxUnavailable === 1 ? [] : ['one node may be taken away at a time']
  },
  spread: (resources) => {
    const { topologySpreadConstraints = [] } = (nodes(resources) as Workload).spec.template.spec
    const keys = (topologySpreadConstraints as { topologyKey: string }[]).map(({ topologyKey }) => topologyKey)
    return ['topology.kubernetes.io/zone', 'kubernetes.io/hostname']
      .filter((key) => !keys.includes(key))
      .map((key) => `not spread over ${key}`)
  },
})

interface ServiceSpec {
  readonly clusterIP?: string
  readonly publishNotReadyAddresses?: boolean
  readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: string }[]
}

/** Whether a Service or a budget is for the nodes. */
function selects(spec: unknown, resources: readonly Resource[]): boolean {
  const { selector = {} } = spec as { selector?: Readonly<Record<string, string>> & { matchLabels?: Readonly<Record<string, string>> } }
  const labels = selector.matchLabels ?? selector
  return matches(labels, (nodes(resources) as Workload).spec.template.metadata.labels)
}
