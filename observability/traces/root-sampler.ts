// Decides which requests from outside are kept: by the share that operators set, by who asks, and only while there is room for what follows.
import { type Context, isSpanContextValid, trace } from '@opentelemetry/api'
import { type Sampler, SamplingDecision, type SamplingResult, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace'
import type { Sampling } from './controls.ts'

/** OpenTelemetry's samplers with a share that may be changed. By the trace's id, so that services with one share keep the same traces. */
export class RootSampler implements Sampler {
  readonly #sampling: Sampling
  readonly #isParentBased: boolean
  readonly #admits: () => boolean
  #byId: TraceIdRatioBasedSampler
  #ratio: number

  /** `admits`: whether a trace that begins now would find room; what follows from one that was let in is not asked again. */
  constructor(sampling: Sampling, isParentBased: boolean, admits: () => boolean) {
    this.#sampling = sampling
    this.#isParentBased = isParentBased
    this.#admits = admits
    this.#ratio = sampling.ratioOf('otp.message')
    this.#byId = new TraceIdRatioBasedSampler(this.#ratio)
  }

  shouldSample(context: Context, traceId: string): SamplingResult {
    const parent = trace.getSpanContext(context)
    const isParent = parent !== undefined && isSpanContextValid(parent)
    const isKept = isParent && this.#isParentBased ? (parent.traceFlags & 1) !== 0 : this.#isDrawn(context, traceId)
    const comesFromHere = isParent && parent.isRemote !== true
    return { decision: isKept && (comesFromHere || this.#admits()) ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD }
  }

  #isDrawn(context: Context, traceId: string): boolean {
    const ratio = this.#sampling.ratioOf('otp.message')
    if (ratio !== this.#ratio) {
      this.#ratio = ratio
      this.#byId = new TraceIdRatioBasedSampler(ratio)
    }
    return this.#byId.shouldSample(context, traceId).decision !== SamplingDecision.NOT_RECORD
  }

  toString(): string {
    return `Root{${this.#isParentBased ? 'parent based, ' : ''}${this.#sampling.ratioOf('otp.message')}}`
  }
}
