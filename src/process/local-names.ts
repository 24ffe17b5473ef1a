// The names that processes have on their own node: OTP's `register`, `unregister`, `whereis` and `registered`.
import { CodedError } from '#base'
import type { Process } from './process.ts'

/** A name leads to one live process at most, and a process has one name at most; both end with the process. */
export class LocalNames {
  readonly #holders = new Map<string, Process>()

  get(name: string): Process | undefined {
    return this.#holders.get(name)
  }

  /** Every name in use. */
  all(): string[] {
    return [...this.#holders.keys()]
  }

  /** Throws `ERR_OTP_PROCESS_BAD_NAME` where OTP has `badarg`: the name is none or in use, the process has ended or has a name already. */
  register(name: string, process: Process): void {
    const why = this.#whyNot(name, process)
    if (why !== undefined) throw new CodedError('ERR_OTP_PROCESS_BAD_NAME', `${process.pid} cannot be registered: ${why}`)
    process.registeredName = name
    this.#holders.set(name, process)
  }

  #whyNot(name: unknown, process: Process): string | undefined {
    if (typeof name !== 'string' || name === '') return `expected a name that is a text, got ${JSON.stringify(name)}`
    const holder = this.#holders.get(name)
    if (holder !== undefined) return `${holder.pid} has the name '${name}' already`
    if (!process.isAlive) return 'the process has ended'
    return process.registeredName === undefined ? undefined : `it has the name '${process.registeredName}'; unregister that first`
  }

  /** Throws `ERR_OTP_PROCESS_BAD_NAME` if nobody has the name. */
  unregister(name: string): void {
    const process = this.#holders.get(name)
    if (process === undefined) throw new CodedError('ERR_OTP_PROCESS_BAD_NAME', `no process has the name ${JSON.stringify(name)}`)
    this.forget(process)
  }

  /** Frees the name of a process, if it has one. */
  forget(process: Process): void {
    if (process.registeredName === undefined) return
    this.#holders.delete(process.registeredName)
    process.registeredName = undefined
  }
}
