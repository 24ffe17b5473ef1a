// Where what telemetry itself does runs: sending is no part of any trace, and what is said of it belongs to no trace that happens to run.
import { type Context, ROOT_CONTEXT } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'

export const UNTRACED: Context = suppressTracing(ROOT_CONTEXT)
