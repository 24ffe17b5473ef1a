// How much is traced: a share for each scope and the behaviours that are left out, both changed while the node runs.
import { CodedError, systemRandom, type TraceControls, type TraceScope } from '#otp-labs'
import { SCOPES } from '#vocabulary'

/** What a node starts with; what is not said is kept. */
export interface SamplingOptions {
  readonly sampling?: Partial<Readonly<Record<TraceScope, number>>> | undefined
  readonly untraceable?: readonly string[] | undefined
}

/** The controls, as those who make spans read them. */
export class Sampling implements TraceControls {
  readonly #ratios: Record<TraceScope, number>
  readonly #untraceable: Set<string>
  readonly #declared = new Set<string>()
  readonly #random: () => number

  constructor({ sampling, untraceable = [] }: SamplingOptions = {}, random: () => number = systemRandom.next) {
    this.#ratios = { 'otp.message': 1, 'otp.lifecycle': 1, 'otp.cluster': 1 }
    this.#untraceable = new Set(untraceable)
    this.#random = random
    for (const scope of SCOPES) {
      const ratio = sampling?.[scope]
      if (ratio !== undefined) this.setSampling(scope, ratio)
    }
  }

  get sampling(): Readonly<Record<TraceScope, number>> {
    return { ...this.#ratios }
  }

  setSampling(scope: TraceScope, ratio: number): void {
    if (!SCOPES.includes(scope) || !(ratio >= 0 && ratio <= 1)) {
      const expected = `expected a scope (${SCOPES.join(', ')}) and a share of it from 0 to 1`
      throw new CodedError('ERR_OTP_TELEMETRY_BAD_RATIO', `${expected}, got ${scope} and ${ratio}`)
    }
    this.#ratios[scope] = ratio
  }

  get untraceable(): readonly string[] {
    return [...this.#untraceable].sort()
  }

  setTraceable(behaviour: string, isTraceable: boolean): void {
    if (isTraceable) this.#untraceable.delete(behaviour)
    else this.#untraceable.add(behaviour)
  }

  /** What a behaviour says of itself. Heard once: an operator's word is newer. */
  leaveOut(behaviour: string): void {
    if (this.#declared.has(behaviour)) return
    this.#declared.add(behaviour)
    this.setTraceable(behaviour, false)
  }

  isTraceable(behaviour: string): boolean {
    return !this.#untraceable.has(behaviour)
  }

  ratioOf(scope: TraceScope): number {
    return this.#ratios[scope]
  }

  /** Whether this span is among those that are kept; drawn anew for each. */
  keeps(scope: TraceScope): boolean {
    const ratio = this.#ratios[scope]
    return ratio === 1 || (ratio > 0 && this.#random() < ratio)
  }
}
