// Pure. Names of nodes and ids of their lives: `n1` is a node, `n1.lq3f9a` is one life of it, its incarnation in base 36.
import { CodedError } from '#base'
import type { NodeId } from '#process'

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/
const INCARNATION = /^(?:0|[1-9a-z][0-9a-z]{0,10})$/

/** Answers `name`, or throws `ERR_OTP_CLUSTER_BAD_NODE_NAME` that says what a name looks like. */
export function checkNodeName(name: string): string {
  if (typeof name === 'string' && NAME.test(name)) return name
  throw new CodedError(
    'ERR_OTP_CLUSTER_BAD_NODE_NAME',
    `expected a node name of 1 to 63 letters, digits, "_" or "-" that begins with a letter or a digit, got ${JSON.stringify(name)}`,
  )
}

/** The id of one life of a node. A later start must give a higher incarnation; milliseconds since 1970 do. */
export function nodeId(name: string, incarnation: number): NodeId {
  checkNodeName(name)
  if (Number.isSafeInteger(incarnation) && incarnation >= 0) return `${name}.${incarnation.toString(36)}`
  throw new CodedError('ERR_OTP_CLUSTER_BAD_NODE_NAME', `expected a whole, safe, not negative incarnation, got ${incarnation}`)
}

/** Both parts of an id, or `undefined` if this is none. */
export function parseNodeId(id: string): { readonly name: string; readonly incarnation: number } | undefined {
  const dot = id.indexOf('.')
  const name = id.slice(0, dot)
  const text = id.slice(dot + 1)
  if (dot < 1 || !NAME.test(name) || !INCARNATION.test(text)) return undefined
  const incarnation = Number.parseInt(text, 36)
  return Number.isSafeInteger(incarnation) ? { name, incarnation } : undefined
}

/** `n1` of `n1.lq3f9a`. For ids that were checked when they came in. */
export function nodeName(id: NodeId): string {
  const dot = id.indexOf('.')
  return dot === -1 ? id : id.slice(0, dot)
}

/** The incarnation as a number: of two lives of one name the higher is the later. Not a number for what is no id. */
export function incarnationOf(id: NodeId): number {
  return parseNodeId(id)?.incarnation ?? Number.NaN
}
