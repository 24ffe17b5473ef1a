// As much of Kubernetes' API server as a watch of EndpointSlices needs, on loopback, well behaved or not as a test wants.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface Pod {
  readonly uid: string
  readonly address: string
  readonly terminating?: boolean
}

/** What becomes of the next request instead of an answer. */
export type Mishap =
  | { readonly status: number; readonly retryAfter?: string; readonly body?: string }
  /** The connection breaks before an answer. */
  | 'reset'
  /** There is no answer at all. */
  | 'silence'

interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly version: number
  readonly object: object
}

export const SERVICE = 'otp'
export const NAMESPACE = 'cluster'

export class FakeApiServer {
  /** For the next requests of a kind, in order. */
  readonly mishaps: { readonly list: Mishap[]; readonly watch: Mishap[] } = { list: [], watch: [] }
  /** Every request: `list`, or `watch 12` from a version. */
  readonly requests: string[] = []
  readonly queries: URLSearchParams[] = []
  token = 'token-1'
  /** Changes at or before it are forgotten: a watch from there is told that it is gone. */
  forgotten = 0
  ports: readonly { readonly name: string; readonly port: number }[] = [{ name: 'cluster', port: 4369 }]
  readonly #server: Server
  readonly #scheme: string
  readonly #slices = new Map<string, { readonly uid: string; readonly pods: readonly Pod[]; readonly family: string }>()
  readonly #changes: Change[] = []
  readonly #watches = new Set<ServerResponse>()
  #version = 100
  #uids = 0

  constructor(tls?: { readonly key: string; readonly cert: string }) {
    const handle = (request: IncomingMessage, response: ServerResponse) => this.#handle(request, response)
    this.#server = tls === undefined ? createServer(handle) : createSecureServer(tls, handle)
    this.#scheme = tls === undefined ? 'http' : 'https'
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Watches that are open. */
  get watching(): number {
    return this.#watches.size
  }

  /** A kubeconfig for this server, as JSON, which is YAML. */
  kubeconfig(tokenFile: string, authority?: string): string {
    const trust = authority === undefined ? { 'insecure-skip-tls-verify': true } : { 'certificate-authority-data': btoa(authority) }
    return JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: this.url, ...trust } }],
      users: [{ name: 'u', user: { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: NAMESPACE } }],
      'current-context': 'x',
    })
  }

  /** Makes the slice hold these pods; told to whoever watches. */
  set(slice: string, pods: readonly Pod[], family: 'IPv4' | 'IPv6' = 'IPv4'): void {
    const known = this.#slices.get(slice)
    this.#slices.set(slice, { uid: known?.uid ?? `slice-${++this.#uids}`, pods, family })
    this.#change(known === undefined ? 'ADDED' : 'MODIFIED', slice)
  }

  delete(slice: string): void {
    this.#change('DELETED', slice)
    this.#slices.delete(slice)
  }

  #change(type: Change['type'], slice: string): void {
    const version = ++this.#version
    const change = { type, version, object: this.#object(slice, version) }
    this.#changes.push(change)
    this.say(change)
  }

  /** Sends one line to whoever watches. */
  say(event: object | string): void {
    for (const response of this.#watches) response.write(typeof event === 'string' ? event : line(event))
  }

  /** A place to go on from, without a change. */
  bookmark(): void {
    this.say({ type: 'BOOKMARK', object: { kind: 'EndpointSlice', metadata: { resourceVersion: `${++this.#version}` } } })
  }

  /** Ends every watch in good order. */
  endWatches(): void {
    for (const response of this.#watches) response.end()
  }

  /** Breaks every connection. */
  breakConnections(): void {
    for (const response of this.#watches) response.destroy()
    this.#server.closeAllConnections()
  }

  async close(): Promise<void> {
    this.breakConnections()
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()))
  }

  #object(slice: string, version: number): object {
    const { uid, pods, family } = this.#slices.get(slice) as { uid: string; pods: readonly Pod[]; family: string }
    return {
      kind: 'EndpointSlice',
      apiVersion: 'discovery.k8s.io/v1',
      metadata: { name: slice, uid, resourceVersion: `${version}`, labels: { 'kubernetes.io/service-name': SERVICE } },
      addressType: family,
      ports: this.ports,
      endpoints: pods.map(({ uid: pod, address, terminating = false }) => ({
        addresses: [address],
        conditions: { ready: !terminating, serving: true, terminating },
        targetRef: { kind: 'Pod', name: pod, uid: pod },
      })),
    }
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.url)
    const isWatch = url.searchParams.get('watch') === 'true'
    const from = Number(url.searchParams.get('resourceVersion'))
    this.requests.push(isWatch ? `watch ${from}` : 'list')
    this.queries.push(url.searchParams)
    const mishap = this.mishaps[isWatch ? 'watch' : 'list'].shift()
    if (mishap === 'silence') return
    if (mishap === 'reset') request.socket.destroy()
    else if (mishap !== undefined) refuse(response, mishap)
    else if (request.headers.authorization !== `Bearer ${this.token}`) refuse(response, { status: 401, body: 'Unauthorized' })
    else if (url.pathname !== `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices`) refuse(response, { status: 404 })
    else if (isWatch) this.#watch(response, from)
    else this.#list(response)
  }

  #list(response: ServerResponse): void {
    const items = [...this.#slices.keys()].map((slice) => this.#object(slice, this.#version))
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ kind: 'EndpointSliceList', metadata: { resourceVersion: `${this.#version}` }, items }))
  }

  #watch(response: ServerResponse, from: number): void {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (from < this.forgotten) {
      response.end(line({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' } }))
      return
    }
    for (const change of this.#changes) if (change.version > from) response.write(line(change))
    this.#watches.add(response)
    response.on('close', () => this.#watches.delete(response))
  }
}

function line(event: object): string {
  return `${JSON.stringify(event)}\n`
}

function refuse(response: ServerResponse, { status, retryAfter, body }: Exclude<Mishap, string>): void {
  response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter })
  response.end(body ?? JSON.stringify({ kind: 'Status', status: 'Failure', code: status, message: `refused with ${status}` }))
}
