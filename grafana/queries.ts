// Pure. Every query of every panel as a program can ask it of Prometheus: its variables filled in as a board is first opened.
import { boards } from './generate.ts'

/** One query of one panel. */
export interface PanelQuery {
  readonly board: string
  readonly panel: string
  /** Of the panel: Grafana's name of it. */
  readonly unit: string
  /** The name of its series: Grafana's template, such as `{{instance}}`. */
  readonly legend: string
  readonly expr: string
}

interface Target {
  readonly expr: string
  readonly legendFormat?: string
}

interface Board {
  readonly title: string
  readonly panels: readonly {
    readonly title?: string
    readonly targets?: readonly Target[]
    readonly fieldConfig?: { readonly defaults: { readonly unit?: string } }
  }[]
}

/** `rateInterval` is what Grafana would choose: four scrapes at least. Everything else is on "all". */
export function panelQueries(rateInterval: string): readonly PanelQuery[] {
  return Object.values(boards()).flatMap((text) => {
    const { title, panels } = JSON.parse(text) as Board
    return panels.flatMap(({ title: panel = '', targets = [], fieldConfig }) =>
      targets.map(({ expr, legendFormat = '' }) => ({
        board: title,
        panel,
        unit: fieldConfig?.defaults.unit ?? 'short',
        legend: legendFormat,
        expr: filled(expr, rateInterval),
      })),
    )
  })
}

function filled(expr: string, rateInterval: string): string {
  return expr.replaceAll('$__rate_interval', rateInterval).replaceAll(/\$(?:\{\w+:regex\}|\w+)/g, '.+')
}
