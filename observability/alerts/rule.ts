// Pure. What a rule is, and how it becomes one of Prometheus'.
import { ALERTS, type AlertEntry, type AlertName, LOCAL, runbookUrl, type Severity } from '#vocabulary'
import type { Duration } from './times.ts'

/** A query under a name. */
export interface Recording {
  readonly record: string
  readonly expr: string
}

/** When somebody is to be told what. What is the same for all firings of an alert is in the vocabulary. */
export interface Alerting {
  readonly alert: AlertName
  readonly severity: Severity
  readonly expr: string
  /** How long it has to hold. */
  readonly for: Duration
  /** How long it goes on firing when it holds no more, so that what comes in waves is one message. */
  readonly keepFiringFor?: Duration
  readonly labels?: Readonly<Record<string, string>>
  /** With the values, in Prometheus' template language. */
  readonly description: string
}

/** Rules that are evaluated one after the other: an alert sees what was recorded just before it. */
export interface Group {
  readonly name: string
  readonly interval: Duration
  readonly rules: readonly (Recording | Alerting)[]
}

/** Where the links of alerts lead. */
export interface Addresses {
  readonly grafana: string
  readonly runbook: (alert: AlertName) => string
}

/** One machine, and the repository of the vocabulary. */
export const SHIPPED_ADDRESSES: Addresses = { grafana: LOCAL.grafana, runbook: runbookUrl }

/** The annotations of an alert that no value changes, but for the cluster that a board shows. */
export function annotationsOf(alert: AlertName, addresses = SHIPPED_ADDRESSES): Record<string, string> {
  const { says, look, board }: AlertEntry = ALERTS[alert]
  return {
    summary: says,
    look_first: look.map((line, index) => `${index + 1}. ${line}`).join('\n'),
    runbook_url: addresses.runbook(alert),
    dashboard_url: `${addresses.grafana}/d/${board}?var-cluster={{ $labels.cluster }}`,
  }
}

/** A group as Prometheus reads it. */
export function rendered({ name, interval, rules }: Group, addresses = SHIPPED_ADDRESSES): object {
  return { name, interval, rules: rules.map((rule) => ('record' in rule ? rule : alertingRule(rule, addresses))) }
}

function alertingRule(rule: Alerting, addresses: Addresses): object {
  const { alert, expr, severity, labels = {}, description, keepFiringFor } = rule
  return {
    alert,
    expr,
    for: rule.for,
    ...(keepFiringFor === undefined ? {} : { keep_firing_for: keepFiringFor }),
    labels: { severity, ...labels },
    annotations: { description, ...annotationsOf(alert, addresses) },
  }
}
