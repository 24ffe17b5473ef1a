// What `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` say. Pure.
import type { Environment } from '../otlp.ts'

/** How requests from outside are drawn; `problem`: what was said and could not be understood, for the log. */
export interface SamplerSettings {
  /** Whoever asks has decided already, if the request says so. */
  readonly isParentBased: boolean
  readonly ratio: number
  readonly problem?: string
}

/** OpenTelemetry's default, `parentbased_always_on`, for what is not said or not understood. */
export function samplerSettings(env: Environment): SamplerSettings {
  const name = env['OTEL_TRACES_SAMPLER'] || 'parentbased_always_on'
  const isParentBased = name.startsWith('parentbased_')
  const root = isParentBased ? name.slice('parentbased_'.length) : name
  if (root === 'always_on' || root === 'always_off') return { isParentBased, ratio: root === 'always_on' ? 1 : 0 }
  if (root !== 'traceidratio') {
    return { isParentBased: true, ratio: 1, problem: `OTEL_TRACES_SAMPLER=${name} is not known here: all requests are kept` }
  }
  const text = env['OTEL_TRACES_SAMPLER_ARG'] || '1'
  const ratio = Number(text)
  if (ratio >= 0 && ratio <= 1) return { isParentBased, ratio }
  return { isParentBased, ratio: 1, problem: `OTEL_TRACES_SAMPLER_ARG=${text} is no share from 0 to 1: all requests are kept` }
}
