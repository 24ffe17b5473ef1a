// The three kinds of panel a board is made of: a graph, a number, and the list of alerts.
import {
  BigValueColorMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  PanelBuilder as AnyPanelBuilder,
  DashboardLinkBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { type AlertName, runbookUrl, type SpanName } from '#vocabulary'
import { OBSERVER, PROMETHEUS, TEMPO } from './sources.ts'

/** One line, or one family of lines. */
export interface Query {
  readonly expr: string
  readonly legend: string
  readonly exemplars?: true
  /** Where a colour carries the meaning; otherwise Grafana chooses. */
  readonly color?: string
}

/** What a panel answers: its title is the answer, its description the question and what to do. */
export interface Answer {
  readonly title: string
  readonly description: string
  /** A unit as Grafana spells it. */
  readonly unit: string
  readonly queries: readonly Query[]
  /** Of 24. */
  readonly width?: number
  /** Above the first value a number turns orange, above the second red. */
  readonly limits?: readonly [orange: number, red: number]
  /** The alert that watches over it: its runbook is one click away. */
  readonly runbook: AlertName
  /** The spans behind the line, as a search of the time that is shown. */
  readonly traces?: SpanName
}

/** What boards are made of. */
export type Panel = GraphBuilder | StatBuilder | AnyPanelBuilder

const refIdOf = (index: number) => String.fromCharCode(65 + index)

const target = ({ expr, legend, exemplars }: Query, index: number) =>
  new DataqueryBuilder()
    .refId(refIdOf(index))
    .datasource(PROMETHEUS)
    .expr(expr)
    .legendFormat(legend)
    .exemplar(exemplars === true)
    .range()

/** Grafana's explorer with a TraceQL search in the range of the board. */
function searchOf(span: SpanName): string {
  const queries = [{ refId: 'A', datasource: TEMPO, queryType: 'traceql', query: `{ name = "${span}" }` }]
  // biome-ignore lint/suspicious/noTemplateCurlyInString: variables of Grafana, which it fills in only where they are not encoded.
  const range = '"range":{"from":"${__from}","to":"${__to}"}'
  const pane = JSON.stringify({ datasource: TEMPO.uid, queries }).slice(0, -1)
  return `/explore?schemaVersion=1&panes=${encodeURIComponent(`{"a":${pane},`)}${range}${encodeURIComponent('}}')}`
}

const links = ({ runbook, traces }: Answer) => [
  new DashboardLinkBuilder('Open the observer').url(OBSERVER).targetBlank(true),
  new DashboardLinkBuilder(`Runbook: ${runbook}`).url(runbookUrl(runbook)).targetBlank(true),
  ...(traces === undefined ? [] : [new DashboardLinkBuilder(`Traces: ${traces}`).url(searchOf(traces)).targetBlank(true)]),
]

const limitsOf = (limits: Answer['limits']) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: 'green' },
    ...(limits === undefined
      ? []
      : [
          { value: limits[0], color: 'orange' },
          { value: limits[1], color: 'red' },
        ]),
  ])

/** Lines over time; `bars` for what happens now and then, stacked. */
export function graph(answer: Answer, look: 'lines' | 'bars' = 'lines'): GraphBuilder {
  const { title, description, unit, queries, width = 8 } = answer
  const panel = new GraphBuilder()
    .title(title)
    .description(description)
    .datasource(PROMETHEUS)
    .unit(unit)
    .min(0)
    .span(width)
    .height(8)
    .lineWidth(1)
    .showPoints(VisibilityMode.Never)
    .legend(new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).showLegend(true).calcs([]))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .dataLinks(links(answer))
    .targets(queries.map(target))
  for (const [index, { color }] of queries.entries()) {
    if (color !== undefined) panel.overrideByQuery(refIdOf(index), [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }])
  }
  if (look === 'bars') {
    panel.drawStyle(GraphDrawStyle.Bars).fillOpacity(80).stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
  } else {
    panel.drawStyle(GraphDrawStyle.Line).fillOpacity(10)
  }
  return panel
}

/** The newest value, large. */
export function figure(answer: Answer): StatBuilder {
  const { title, description, unit, queries, width = 6, limits } = answer
  return new StatBuilder()
    .title(title)
    .description(description)
    .datasource(PROMETHEUS)
    .unit(unit)
    .span(width)
    .height(4)
    .colorMode(BigValueColorMode.Value)
    .thresholds(limitsOf(limits))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .dataLinks(links(answer))
    .targets(queries.map(target))
}

/** Alerts that fire or wait. */
export const alertList = (title: string, description: string, width: number): AnyPanelBuilder =>
  new AnyPanelBuilder()
    .type('alertlist')
    .title(title)
    .description(description)
    .span(width)
    .height(8)
    .options({
      alertName: 'Otp',
      dashboardAlerts: false,
      groupMode: 'default',
      maxItems: 20,
      sortOrder: 3,
      stateFilter: { firing: true, pending: true, noData: false, normal: false, error: true },
      viewMode: 'list',
    })
