// As much of Kubernetes' API server as a watch of EndpointSlices needs, on loopback, well behaved or not as a test wants.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface Pod {
  readonly uid: string
  readonly address: string
  readonly terminating?: boolean
  readonly zone?: string
}

/** What becomes of the next request instead of an answer. */
export type Mishap =
  | { readonly status: number; readonly retryAfter?: string; readonly body?: string }
  /** The connection breaks before an answer. */
  | 'reset'
  /** There is no answer at all. */
  | 'silence'
  /** The answer begins, and then nothing more comes. */
  | 'stall'
  /** The answer begins, and then the connection breaks. */
  | 'cut'

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
  /** Whatever is sent goes in pieces of so many bytes: lines and letters are cut anywhere. */
  pieceBytes = Number.POSITIVE_INFINITY
  /** Changes at or before it are forgotten: a watch from there is told that it is gone. */
  forgotten = 0
  ports: readonly { readonly name: string; readonly port: number }[] = [{ name: 'cluster', port: 4369 }]
  readonly #server: Server
  readonly #scheme: string
  readonly #slices = new Map<string, { readonly uid: string; readonly pods: readonly Pod[]; readonly family: string }>()
  readonly #changes: Change[] = []
  readonly #watches = new Set<ServerResponse>()
  #host = '127.0.0.1'
  #version = 100
  #uids = 0

  constructor(tls?: { readonly key: string; readonly cert: string }) {
    const handle = (request: IncomingMessage, response: ServerResponse) => this.#handle(request, response)
    this.#server = tls === undefined ? createServer(handle) : createSecureServer(tls, handle)
    this.#scheme = tls === undefined ? 'http' : 'https'
  }

  async start(host = '127.0.0.1'): Promise<this> {
    this.#host = host
    await new Promise<void>((resolve) => this.#server.listen(0, host, resolve))
    return this
  }

  get url(): string {
    return `${this.#scheme}://${this.#host}:${(this.#server.address() as AddressInfo).port}`
  }

  /** Watches that are open. */
  get watching(): number {
    return this.#watches.size
  }

  /** A kubeconfig for this server. */
  kubeconfig(tokenFile: string, authority?: string): string {
    return kubeconfigFor(this.url, tokenFile, authority)
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
    for (const response of this.#watches) this.#send(response, typeof event === 'string' ? event : line(event))
  }

  /** A place to go on from, without a change. */
  bookmark(): void {
    this.say({ type: 'BOOKMARK', object: { kind: 'EndpointSlice', metadata: { resourceVersion: `${++this.#version}` } } })
  }

  /** Ends every watch in good order. */
  endWatches(): void {
    for (const response of this.#watches) response.end()
    this.#watches.clear()
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
      endpoints: pods.map(({ uid: pod, address, terminating = false, zone }) => ({
        addresses: [address],
        conditions: { ready: !terminating, serving: true, terminating },
        targetRef: { kind: 'Pod', name: pod, uid: pod },
        ...(zone === undefined ? {} : { zone }),
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
    else if (typeof mishap === 'object') refuse(response, mishap)
    else if (request.headers.authorization !== `Bearer ${this.token}`) refuse(response, { status: 401, body: 'Unauthorized' })
    else if (url.pathname !== `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices`) refuse(response, { status: 404 })
    else if (mishap === undefined && isWatch) this.#watch(response, from)
    else this.#list(response, mishap)
  }

  #send(response: ServerResponse, text: string): void {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += this.pieceBytes) response.write(bytes.subarray(at, at + this.pieceBytes))
  }

  #list(response: ServerResponse, mishap?: 'stall' | 'cut'): void {
    const items = [...this.#slices.keys()].map((slice) => this.#object(slice, this.#version))
    response.writeHead(200, { 'content-type': 'application/json' })
    const text = JSON.stringify({ kind: 'EndpointSliceList', metadata: { resourceVersion: `${this.#version}` }, items })
    this.#send(response, mishap === undefined ? text : text.slice(0, 20))
    if (mishap === undefined) response.end()
    else if (mishap === 'cut') setImmediate(() => response.destroy())
  }

  #watch(response: ServerResponse, from: number): void {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (from < this.forgotten) {
      response.end(line({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' } }))
      return
    }
    for (const change of this.#changes) if (change.version > from) this.#send(response, line(change))
    this.#watches.add(response)
    response.on('close', () => this.#watches.delete(response))
  }
}

/** A kubeconfig as JSON, which is YAML. */
export function kubeconfigFor(server: string, tokenFile: string, authority?: string): string {
  const trust = authority === undefined ? { 'insecure-skip-tls-verify': true } : { 'certificate-authority-data': btoa(authority) }
  return JSON.stringify({
    clusters: [{ name: 'c', cluster: { server, ...trust } }],
    users: [{ name: 'u', user: { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: NAMESPACE } }],
    'current-context': 'x',
  })
}

function line(event: object): string {
  return `${JSON.stringify(event)}\n`
}

function refuse(response: ServerResponse, { status, retryAfter, body }: Extract<Mishap, object>): void {
  response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter })
  response.end(body ?? JSON.stringify({ kind: 'Status', status: 'Failure', code: status, message: `refused with ${status}` }))
}
