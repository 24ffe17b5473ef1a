// The topology of a Kubernetes service: peers are the pods behind it, listed and watched as EndpointSlices. libcluster's Kubernetes.
import { readFile } from 'node:fs/promises'
import { type Clock, CodedError, inWords, type Random, systemClock, systemRandom } from '#base'
import { type ApiAccess, ApiServer } from './api-server.ts'
import { checkOptions, isPort } from './option-checks.ts'
import { SliceWatch } from './slice-watch.ts'
import type { TopologyStrategy } from './strategy.ts'

export interface KubernetesTopologyOptions {
  /** The headless service whose pods are the nodes. */
  readonly service?: string
  /** Instead of a service: a label selector for EndpointSlices. */
  readonly selector?: string
  /** Default that of the pod's service account, else of the kubeconfig's context, else `default`. */
  readonly namespace?: string
  /** The cluster port: its name in the service, or its number. Default the only one the service has. */
  readonly port?: string | number
  /** A kubeconfig file. Default: the pod's service account, else what kubectl would take. */
  readonly kubeconfig?: string
  readonly clock?: Clock
  readonly random?: Random
}

const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'

/**
 * Needs `get`, `list` and `watch` on `endpointslices` of the namespace. An API server that cannot be reached is no news: what was found
 * stays, and it is asked again with back-off, for ever. Throws `ERR_OTP_CLUSTER_BAD_TOPOLOGY` for options that cannot work.
 */
export function kubernetesTopology(options: KubernetesTopologyOptions): TopologyStrategy {
  const { service, selector, namespace, port } = options
  const isName = (name: unknown) => typeof name === 'string' && /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)
  checkOptions('kubernetes', [
    [(service === undefined) !== (selector === undefined), 'a service or a selector', { service, selector }],
    [service === undefined || isName(service), 'the name of a service', service],
    [selector === undefined || (typeof selector === 'string' && selector.trim() !== ''), 'a label selector', selector],
    [namespace === undefined || isName(namespace), 'the name of a namespace', namespace],
    [port === undefined || (typeof port === 'number' ? isPort(port) : port !== ''), 'the name or the number of a port', port],
  ])
  return {
    name: 'kubernetes',
    start: async (_self, listener) => {
      const { access, contextNamespace } = await connect(options.kubeconfig)
      const { clock = systemClock, random = systemRandom } = options
      const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace ?? contextNamespace}/endpointslices`
      const labels = encodeURIComponent(selector ?? `kubernetes.io/service-name=${service}`)
      const watch = new SliceWatch(
        { api: new ApiServer(access, clock), path: `${slices}?labelSelector=${labels}`, port, clock, random },
        listener,
      )
      await watch.start()
      return watch
    },
  }
}

/** Imported only where it is used: it costs half a second and 90 MB. */
async function connect(kubeconfig: string | undefined): Promise<{ access: ApiAccess; contextNamespace: string }> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  const inPod = await readFile(NAMESPACE_FILE, 'utf8').catch(() => undefined)
  try {
    if (kubeconfig !== undefined) config.loadFromFile(kubeconfig)
    else if (inPod === undefined) config.loadFromDefault()
    else config.loadFromCluster()
  } catch (error) {
    throw new CodedError('ERR_OTP_CLUSTER_KUBECONFIG', `the kubeconfig cannot be read: ${inWords(error)}`, { cause: error })
  }
  // What the library makes up where it finds nothing.
  if (config.getCurrentContext() === 'loaded-context') {
    throw new CodedError('ERR_OTP_CLUSTER_KUBECONFIG', 'this is no pod with a service account, and there is no kubeconfig: pass its path')
  }
  const cluster = config.getCurrentCluster()
  if (cluster === null) {
    throw new CodedError('ERR_OTP_CLUSTER_KUBECONFIG', 'the kubeconfig has no current context; choose one with: kubectl config use-context')
  }
  const context = config.getContextObject(config.getCurrentContext())
  return {
    // It reads a token file again after a minute, and keeps one agent for all requests.
    access: { server: cluster.server, apply: (options) => config.applyToHTTPSOptions(options) },
    contextNamespace: context?.namespace?.trim() || 'default',
  }
}
