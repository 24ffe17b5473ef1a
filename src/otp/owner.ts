// Who asks for something that belongs to somebody: a process by its `self`, or code outside any process by its node.
import { CodedError } from '#base'
import { ExitError, type Pid, type Process, type Ref, Runtime } from '#process'

/** A process's `self`; for code outside any process its node, or the node's runtime. */
export type Owner = { readonly pid: Pid } | { readonly runtime: Runtime } | Runtime

/** The owner as this room works with it. */
export interface Caller {
  readonly runtime: Runtime
  readonly process: Process | undefined
}

/** Throws `ExitError` if the owner is a process that has ended: what its callbacks do after that concerns nobody. */
export function callerOf(owner: Owner): Caller {
  if (owner instanceof Runtime) return { runtime: owner, process: undefined }
  if (!('pid' in owner)) return { runtime: owner.runtime, process: undefined }
  const { process } = owner.pid
  if (process === undefined) throw new ExitError('noproc', `${owner.pid} has ended and can own nothing`)
  return { runtime: process.runtime, process }
}

/** Throws `ERR_OTP_OTP_FUNCTION_NOT_LOCAL` if `ref` leads to another node; where it leads nowhere, the call itself says so. */
export function checkLocal(runtime: Runtime, ref: Ref, what: string): void {
  const target = runtime.resolve(ref)
  if (target === undefined || target.node === runtime.id) return
  throw new CodedError(
    'ERR_OTP_OTP_FUNCTION_NOT_LOCAL',
    `expected ${ref.toString()} to live on ${runtime.id}: ${what} is a function, and functions do not cross the wire; it lives on ${target.node}`,
  )
}
