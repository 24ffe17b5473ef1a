// Pure. What the shipped configuration of Prometheus and Alertmanager adds up to: who is told when, and what explains what.
import type { Case, Firing } from '#observability/alerts/case.ts'
import { TOPICS } from '#observability/generate-rules.ts'

export interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly interval: string; readonly rules: readonly Rule[] }[]
}

interface Pace {
  readonly group_wait?: string
  readonly group_interval?: string
}

export interface Route extends Pace {
  readonly receiver: string
  readonly matchers?: readonly string[]
  readonly routes?: readonly Route[]
}

export interface Inhibition {
  readonly source_matchers: readonly string[]
  readonly target_matchers: readonly string[]
  readonly equal: readonly string[]
}

export const allCases: readonly Case[] = Object.values(TOPICS).flatMap(({ cases }) => cases)

/** Every alert as it fires in some case. */
export const allFirings: readonly Firing[] = allCases.flatMap(({ at }) => Object.values(at).flat())

type Labels = Readonly<Record<string, string>>

export const labelsOf = ({ alert, severity, labels }: Firing): Labels => ({ alertname: alert, severity, ...labels })

/** Seconds of `90s`, `5m`, `1h`. */
export function seconds(duration: string): number {
  const [, number, unit] = /^(\d+)(s|m|h)$/.exec(duration) ?? []
  if (unit === undefined) throw new Error(`${duration} is no duration of whole seconds, minutes or hours`)
  return Number(number) * ({ s: 1, m: 60, h: 3600 }[unit] as number)
}

/** Whether labels satisfy matchers such as `a="b"` and `a=~"b|c"`. */
export function matches(matchers: readonly string[], labels: Labels): boolean {
  return matchers.every((matcher) => {
    const [, name = '', operator, value = ''] = /^(\w+)(=~|=)"([^"]*)"$/.exec(matcher) ?? []
    if (operator === undefined) throw new Error(`${matcher} is a matcher that this test does not know`)
    return operator === '=' ? labels[name] === value : new RegExp(`^(?:${value})$`).test(labels[name] ?? '')
  })
}

/** The route an alert takes: the first that matches, with what it has from those above it. */
export function routeOf(route: Route, labels: Labels): Route {
  const next = route.routes?.find(({ matchers = [] }) => matches(matchers, labels))
  return next === undefined ? route : routeOf({ ...route, routes: [], ...next }, labels)
}

/** Whether Alertmanager keeps `target` silent while `source` fires; labels that neither has are equal. */
export function inhibits({ source_matchers, target_matchers, equal }: Inhibition, source: Labels, target: Labels): boolean {
  return (
    matches(source_matchers, source) &&
    matches(target_matchers, target) &&
    !matches(source_matchers, target) &&
    equal.every((label) => (source[label] ?? '') === (target[label] ?? ''))
  )
}
