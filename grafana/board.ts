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
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { BOARDS, LOCAL, type MetricName, REPOSITORY, runbookUrl } from '#vocabulary'

/** The data source, chosen by the reader. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana.
export const PROMETHEUS = { type: 'prometheus', uid: '${datasource}' }
/** Where a reader who clicks a series goes; the address of a node is a variable of the board. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana.
export const OBSERVER = '${observer}/observer'

const name = (metric: MetricName): MetricName => metric
const NODES = name('otp_node_info')
const CHANGES = name('otp_cluster_membership_changes_total')

const labelVariable = (label: 'cluster' | 'job' | 'instance', title: string, selector: string) =>
  new QueryVariableBuilder(label)
    .label(title)
    .datasource(PROMETHEUS)
    .query({ query: `label_values(${NODES}${selector}, ${label})`, refId: label })
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

/** A board without panels: read-only, since it is made from code. */
export function board(uid: keyof typeof BOARDS, description: string): DashboardBuilder {
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
    .withVariable(labelVariable('cluster', 'Cluster', ''))
    .withVariable(labelVariable('job', 'Job', '{cluster=~"$cluster"}'))
    .withVariable(labelVariable('instance', 'Instance', '{cluster=~"$cluster",job=~"$job"}'))
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
    .link(link('Runbook: restart storm', runbookUrl('OtpRestartStorm')))
    .link(link('What the metrics mean', `${REPOSITORY}/docs/reference/metrics.md`))
    .link(
      new DashboardLinkBuilder('Boards').type(DashboardLinkType.Dashboards).tags(['otp']).asDropdown(true).includeVars(true).keepTime(true),
    )
}

/** What panels are put on. */
export type Board = ReturnType<typeof board>
