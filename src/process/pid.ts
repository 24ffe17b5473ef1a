// What identifies a process in the whole cluster: its node, that node's incarnation, and a serial number.
import { CodedError } from '#base'
import type { Process } from './process.ts'

/** A node in one of its lives: `name.incarnation`, the incarnation in base 36. */
export type NodeId = string

/** Prints as `n1.lq3f9a.42`: safe in an address, and never used twice, since every start of a node has a new incarnation. */
export class Pid<B = unknown> {
  readonly node: NodeId
  readonly serial: number
  /** The process itself while it lives on this node: a local send needs no table. */
  process: Process | undefined
  /** Whatever its supervisor keeps of it, so that the end of a child is found without a table. Nobody else's business. */
  owner: unknown = undefined
  /** Carries the behaviour's type and nothing else. */
  declare readonly behaviour?: B

  constructor(node: NodeId, serial: number, process?: Process) {
    this.node = node
    this.serial = serial
    this.process = process
  }

  equals(other: Pid): boolean {
    return this.serial === other.serial && this.node === other.node
  }

  toString(): string {
    return `${this.node}.${this.serial}`
  }

  toJSON(): string {
    return this.toString()
  }
}

/** Reads what `Pid.toString` prints; throws `ERR_OTP_PROCESS_BAD_PID` for anything else. */
export function parsePid(text: string): Pid {
  const match = /^([A-Za-z0-9_-]+\.[0-9a-z]+)\.([1-9][0-9]*)$/.exec(text)
  if (match === null) {
    throw new CodedError('ERR_OTP_PROCESS_BAD_PID', `expected a pid such as n1.lq3f9a.42, got ${JSON.stringify(text)}`)
  }
  return new Pid(match[1] as string, Number(match[2]))
}
