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
  /** The exporters of the engine, as `host:port`; found by name, so that an engine that is not there is no target that is down. */
  readonly engine?: readonly string[]
}

/** The job under which nodes are scraped: rules and boards say `up{job="otp"}`. */
export const JOB = 'otp'

/** That of the servers of the engine, which are no nodes. */
const ENGINE_JOB = 'otp-nats'

const engineJob = (cluster: string, exporters: readonly string[]): object => ({
  job_name: ENGINE_JOB,
  dns_sd_configs: exporters.map((exporter) => {
    const [host, port] = exporter.split(':')
    return { names: [host], type: 'A', port: Number(port) }
  }),
  relabel_configs: [
    { target_label: 'cluster', replacement: cluster },
    { source_labels: ['__meta_dns_name'], target_label: 'instance' },
  ],
})

/** The configuration, for a folder that holds `rules/`. Exemplars need `--enable-feature=exemplar-storage` besides. */
export function prometheusConfig(t: Times, { cluster, nodes, alertmanager, others = {}, engine = [] }: Places): object {
  const every = t.every(SCRAPE_SECONDS)
  const job = (name: string, targets: readonly string[], labels: object) => ({ job_name: name, static_configs: [{ targets, ...labels }] })
  return {
    global: { scrape_interval: every, evaluation_interval: every, scrape_timeout: every === '15s' ? '10s' : every },
    storage: { exemplars: { max_exemplars: 100_000 } },
    rule_files: ['rules/*.yaml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: [
      job(JOB, nodes, { labels: { cluster } }),
      ...(engine.length === 0 ? [] : [engineJob(cluster, engine)]),
      ...Object.entries(others).map(([name, target]) => job(name, [target], {})),
    ],
  }
}
