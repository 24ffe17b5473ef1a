// The only home of telemetry names: metrics, spans, attributes, log records, alerts and boards.
export { ALERTS, type AlertEntry, type AlertName, BOARDS, LOCAL, REPOSITORY, runbookUrl, type Severity } from './vocabulary/alerts.ts'
export { ENGINE_METRICS, type EngineMetricName } from './vocabulary/engine-metrics.ts'
export { EVENTS, type EventEntry, type Facts, type Level } from './vocabulary/events.ts'
export type { MetricEntry } from './vocabulary/metric-entry.ts'
export {
  type LabelsOf,
  MAX_LABEL_VALUES,
  METRICS,
  type MetricName,
  type NameOf,
  OTHER,
  type OtpMetricName,
  otpMetricNames,
  runtimeMetricNames,
} from './vocabulary/metrics.ts'
export { ATTRIBUTES, type Attribute, MAILBOX_TAKEN, SCOPES, type Scope, SPANS, type SpanEntry, type SpanName } from './vocabulary/spans.ts'
