// Pure. Every query of every panel as a program can ask it of Prometheus: its variables filled in as a board is first opened.
import { boards } from './generate.ts'

/** One query of one panel. */
export interface PanelQuery {
  readonly board: string
  readonly panel: string
  /** Of the panel: the question that it answers. */
  readonly about: string
  /** Of the panel: Grafana's name of it. */
  readonly unit: string
  readonly look: 'lines' | 'bars'
  /** The name of its series: Grafana's template, such as `{{instance}}`. */
  readonly legend: string
  /** Where a colour carries the meaning. */
  readonly color: string | undefined
  readonly expr: string
}

interface Target {
  readonly refId: string
  readonly expr: string
  readonly legendFormat?: string
}

interface Override {
  readonly matcher: { readonly options: string }
  readonly properties: readonly { readonly id: string; readonly value: { readonly fixedColor?: string } }[]
}

interface BoardPanel {
  readonly title?: string
  readonly description?: string
  readonly targets?: readonly Target[]
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string; readonly custom?: { readonly drawStyle?: string } }
    readonly overrides: readonly Override[]
  }
}

interface Board {
  readonly title: string
  readonly panels: readonly BoardPanel[]
}

/** `rateInterval` is what Grafana would choose: four scrapes at least. Everything else is on "all". */
export function panelQueries(rateInterval: string): readonly PanelQuery[] {
  return Object.values(boards()).flatMap((text) => {
    const { title, panels } = JSON.parse(text) as Board
    return panels.flatMap((panel) => queriesOf(title, panel, rateInterval))
  })
}

function queriesOf(board: string, panel: BoardPanel, rateInterval: string): PanelQuery[] {
  const { title = '', description = '', targets = [], fieldConfig } = panel
  return targets.map(({ refId, expr, legendFormat = '' }) => ({
    board,
    panel: title,
    about: description,
    unit: fieldConfig?.defaults.unit ?? 'short',
    look: fieldConfig?.defaults.custom?.drawStyle === 'bars' ? 'bars' : 'lines',
    legend: legendFormat,
    color: colorOf(fieldConfig?.overrides ?? [], refId),
    expr: filled(expr, rateInterval),
  }))
}

function colorOf(overrides: readonly Override[], refId: string): string | undefined {
  const own = overrides.filter(({ matcher }) => matcher.options === refId).flatMap(({ properties }) => properties)
  return own.find(({ id }) => id === 'color')?.value.fixedColor
}

function filled(expr: string, rateInterval: string): string {
  return expr.replaceAll('$__rate_interval', rateInterval).replaceAll(/\$(?:\{\w+:regex\}|\w+)/g, '.+')
}
