// Pure. What Kubernetes' EndpointSlices say of a service's pods: from slices as they come and go to addresses, who is terminating, and in which zone.

import { inWords } from '#base'
import { formatAddress } from '../address.ts'

/** One pod behind the service, at one of its addresses. */
interface Endpoint {
  /** Of the pod: one that takes another's name, or even its address, is another pod. */
  readonly uid: string
  readonly address: string
  readonly isTerminating: boolean
  /** Of the machine it runs on; empty where the cluster has no zones. */
  readonly zone: string
}

/** What slices say of the addresses behind a service. */
export interface SlicePeers {
  readonly addresses: readonly string[]
  readonly terminating: readonly string[]
  readonly zones: ReadonlyMap<string, string>
}

/** The slices of a service by their own uid: a slice that takes another's name is another slice. */
export type Slices = ReadonlyMap<string, readonly Endpoint[]>

/** Which port of the slices to take: its name, its number, or, without either, the only one there is. */
export type PortChoice = string | number | undefined

/** Something that is no EndpointSlice, or one from which no address can be made; the message says what to do. */
export class BadSlice extends Error {}

type Json = { readonly [key: string]: unknown }

/** All slices of a list. */
export function listedSlices(items: unknown, port: PortChoice): Slices {
  if (!Array.isArray(items)) throw new BadSlice('expected a list of EndpointSlices with items')
  return new Map(items.map((item) => [uidOf(item), endpointsOf(item, port)]))
}

/** The slices after one was added, changed or deleted. */
export function changedSlices(slices: Slices, type: string, object: unknown, port: PortChoice): Slices {
  const changed = new Map(slices)
  if (type === 'DELETED') changed.delete(uidOf(object))
  else changed.set(uidOf(object), endpointsOf(object, port))
  return changed
}

/**
 * Every address, whether its pod is ready or not: a pod that starts has to be found before it can be ready. An address is terminating
 * if every pod there is: on the host's network a pod and its successor share one.
 */
export function peersOf(slices: Slices): SlicePeers {
  const pods = new Map<string, Endpoint>()
  for (const endpoint of [...slices.values()].flat()) {
    const key = `${endpoint.uid} ${endpoint.address}`
    // While an endpoint moves from one slice to another it is in both; terminating is never taken back.
    pods.set(key, { ...endpoint, isTerminating: endpoint.isTerminating || pods.get(key)?.isTerminating === true })
  }
  const staying = new Set([...pods.values()].flatMap(({ isTerminating, address }) => (isTerminating ? [] : [address])))
  const addresses = [...new Set([...pods.values()].map(({ address }) => address))].toSorted()
  const zones = new Map([...pods.values()].flatMap(({ address, zone }) => (zone === '' ? [] : [[address, zone] as const])))
  return { addresses, terminating: addresses.filter((address) => !staying.has(address)), zones }
}

function uidOf(slice: unknown): string {
  const uid = at(slice, 'metadata', 'uid')
  if (typeof uid === 'string') return uid
  throw new BadSlice('expected an EndpointSlice with metadata.uid')
}

function endpointsOf(slice: unknown, choice: PortChoice): Endpoint[] {
  const endpoints = at(slice, 'endpoints') ?? []
  if (!Array.isArray(endpoints)) throw new BadSlice(`expected ${nameOf(slice)} to have a list of endpoints`)
  if (endpoints.length === 0) return []
  const port = portOf(slice, choice)
  return endpoints.flatMap((endpoint) => {
    const addresses = at(endpoint, 'addresses')
    if (!Array.isArray(addresses)) throw new BadSlice(`expected each endpoint of ${nameOf(slice)} to have addresses`)
    const isTerminating = at(endpoint, 'conditions', 'terminating') === true
    const pod = at(endpoint, 'targetRef', 'uid')
    const uid = typeof pod === 'string' ? pod : ''
    const zone = at(endpoint, 'zone')
    const common = { uid, isTerminating, zone: typeof zone === 'string' ? zone : '' }
    return addresses.filter(isText).map((host) => ({ ...common, address: formatAddress({ host, port }) }))
  })
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function portOf(slice: unknown, choice: PortChoice): number {
  if (typeof choice === 'number') return choice
  const listed = at(slice, 'ports') ?? []
  const ports = Array.isArray(listed) ? listed.filter((port) => Number.isInteger(at(port, 'port'))) : []
  const chosen = choice === undefined ? ports : ports.filter((port) => at(port, 'name') === choice)
  if (chosen.length === 1) return at(chosen[0], 'port') as number
  const names = ports.map((port) => JSON.stringify(at(port, 'name') ?? '')).join(', ') || 'none'
  const advice = choice === undefined ? 'say which one is the cluster port: port' : `none or several are called ${JSON.stringify(choice)}`
  throw new BadSlice(`${nameOf(slice)} has ${chosen.length === 0 ? 'no such port' : 'several ports'} (${names}); ${advice}`)
}

function nameOf(slice: unknown): string {
  return `the EndpointSlice ${inWords(at(slice, 'metadata', 'name'))}`
}

/** The value at a path of keys, `undefined` if anything on the way is none. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  let here = value
  for (const key of keys) {
    if (typeof here !== 'object' || here === null) return undefined
    here = (here as Json)[key]
  }
  return here
}
