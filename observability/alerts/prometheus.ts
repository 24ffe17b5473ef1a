// Pure. How Prometheus is configured: whom it scrapes, how often, which rules it runs, and whom it tells.
import { SCRAPE_SECONDS, type Times } from './times.ts'

/** Where the parts of one cluster are. */
export interface Places {
  readonly cluster: string
  /** The metrics ports of the nodes, as `host:port`. */
  readonly nodes: readonly string[]
  readonly alertmanager: string
  /** Others that are scraped beside the nodes, by job. */
  readonly others?: Readonly<Record<string, string>>
}

/** The job under which nodes are scraped: rules and boards say `up{job="otp"}`. */
export const JOB = 'otp'

/** The configuration, for a folder that holds `rules/`. Exemplars need `--enable-feature=exemplar-storage` besides. */
export function prometheusConfig(t: Times, { cluster, nodes, alertmanager, others = {} }: Places): object {
  const every = t.every(SCRAPE_SECONDS)
  const job = (name: string, targets: readonly string[], labels: object) => ({ job_name: name, static_configs: [{ targets, ...labels }] })
  return {
    global: { scrape_interval: every, evaluation_interval: every, scrape_timeout: every === '15s' ? '10s' : every },
    storage: { exemplars: { max_exemplars: 100_000 } },
    rule_files: ['rules/*.yaml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: [job(JOB, nodes, { labels: { cluster } }), ...Object.entries(others).map(([name, target]) => job(name, [target], {}))],
  }
}
