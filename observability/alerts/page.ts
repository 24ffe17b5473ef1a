// Pure. The page that lists every alert, for people: how bad, how long it has to hold, what it means, and its runbook.
import { ALERTS } from '#vocabulary'
import type { Alerting, Group } from './rule.ts'

const isAlert = (rule: Group['rules'][number]): rule is Alerting => 'alert' in rule

/** As Markdown; links are relative to `docs/reference/`. */
export function alertsPage(groups: readonly Group[], head: string): string {
  const rows = groups.flatMap(({ rules }) =>
    rules.filter(isAlert).map(({ alert, severity, for: wait }) => {
      const when = wait === '0s' ? 'at once' : wait
      return `| [${alert}](../runbooks/${alert}.md) | \`${severity}\` | ${when} | ${ALERTS[alert].says} |`
    }),
  )
  return `# Alerts

<!-- ${head} -->

Who is told of which severity, and what keeps silent what, is in [how to watch a cluster](../how-to/watch-a-cluster.md).

| Alert | Severity | When it holds for | What it means |
| --- | --- | --- | --- |
${rows.join('\n')}
`
}
