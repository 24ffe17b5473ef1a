// What all boards share: the data source and scope as variables, what happened as annotations, and the ways to the observer and the runbooks.
/* oxlint-disable typescript/no-deprecated -- classic JSON is what every Grafana from 10 to 13 provisions */
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { BOARDS, LOCAL, type MetricName, REPOSITORY } from '#vocabulary'
import type { Panel } from './panels.ts'
import { SCOPE } from './promql.ts'
import { OBSERVER, PROMETHEUS } from './sources.ts'

const name = (metric: MetricName): MetricName => metric
const NODES = name('otp_node_info')
const CHANGES = name('otp_cluster_membership_changes_total')

const SCOPE_SO_FAR = { cluster: '', job: '{cluster=~"$cluster"}', instance: '{cluster=~"$cluster",job=~"$job"}' } as const

/** A choice of values of a label, all by default; those of a metric in the chosen scope. */
export const labelVariable = (label: string, title: string, metric: MetricName, selector = `{${SCOPE}}`) =>
  new QueryVariableBuilder(label)
    .label(title)
    .datasource(PROMETHEUS)
    .query({ query: `label_values(${metric}${selector}, ${label})`, refId: label })
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ text: 'All', value: '$__all' })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)

const annotation = (title: string, color: string, expr: string, text: string) =>
  new AnnotationQueryBuilder()
    .name(title)
    .datasource(PROMETHEUS)
    .enable(true)
    .iconColor(color)
    .expr(expr)
    .titleFormat(title)
    .textFormat(text)
    .step('15s')

const changed = (change: string) => `sum by (cluster, instance) (increase(${CHANGES}{cluster=~"$cluster",change="${change}"}[1m])) > 0`

const link = (title: string, url: string) =>
  new DashboardLinkBuilder(title).type(DashboardLinkType.Link).icon('external link').tooltip(title).url(url).targetBlank(true)

/** A question of a board, and the panels that answer it. */
export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

/** A board: read-only, since it is made from code. Rows from general to specific, in the order in which one asks. */
export function board(
  uid: keyof typeof BOARDS,
  description: string,
  rows: readonly Row[],
  variables: readonly ReturnType<typeof labelVariable>[] = [],
): DashboardBuilder {
  const empty = frame(uid, description)
  for (const variable of variables) empty.withVariable(variable)
  for (const { title, panels } of rows) {
    empty.withRow(new RowBuilder(title))
    for (const panel of panels) empty.withPanel(panel)
  }
  return empty
}

function frame(uid: keyof typeof BOARDS, description: string): DashboardBuilder {
  return new DashboardBuilder(BOARDS[uid])
    .uid(uid)
    .description(description)
    .tags(['otp'])
    .readonly()
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(labelVariable('cluster', 'Cluster', NODES, SCOPE_SO_FAR.cluster))
    .withVariable(labelVariable('job', 'Job', NODES, SCOPE_SO_FAR.job))
    .withVariable(labelVariable('instance', 'Instance', NODES, SCOPE_SO_FAR.instance))
    .withVariable(
      new TextBoxVariableBuilder('observer').label('Observer').defaultValue(LOCAL.node).current({ text: LOCAL.node, value: LOCAL.node }),
    )
    .annotation(
      annotation(
        'Deploys',
        'blue',
        `count by (cluster, version) (${NODES}{cluster=~"$cluster"}) unless count by (cluster, version) (${NODES}{cluster=~"$cluster"} offset 1m)`,
        'version {{version}} came into {{cluster}}',
      ),
    )
    .annotation(annotation('Joins', 'green', changed('join'), '{{instance}} sees a node join'))
    .annotation(annotation('Leaves', 'orange', `${changed('leave')} or ${changed('down')}`, '{{instance}} sees a node go'))
    .annotation(
      annotation(
        'Storms',
        'red',
        'ALERTS{alertname="OtpRestartStorm",alertstate="firing",cluster=~"$cluster"}',
        '{{severity}}: {{supervisor}} in {{cluster}}',
      ),
    )
    .link(link('Observer', OBSERVER))
    .link(link('Runbooks', `${REPOSITORY}/docs/runbooks`))
    .link(link('What the metrics mean', `${REPOSITORY}/docs/reference/metrics.md`))
    .link(
      new DashboardLinkBuilder('Boards').type(DashboardLinkType.Dashboards).tags(['otp']).asDropdown(true).includeVars(true).keepTime(true),
    )
}
