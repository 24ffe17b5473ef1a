// Writes what Kubernetes is given of rules, boards and the stack's configuration: `node k8s/generate.ts`, with `--check` it only compares.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse, stringify } from 'yaml'
import { serverConfig } from './nats-server.ts'

const GENERATED = '# Written by `node k8s/generate.ts`; edit what it reads, not this.\n'
const KUSTOMIZATION = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' }
const RULES = 'observability/prometheus/rules'
const BOARDS = 'grafana/generated'
const STACK = 'k8s/components/stack'

/** Programs of the stack that are there if their configuration is: the folder's files are what they are given. */
const CONFIGURED = ['alertmanager', 'collector', 'loki', 'tempo'] as const

/** Where a node sends its spans: past the collector only where there is none. */
const SPANS_TO: readonly (typeof CONFIGURED)[number][] = ['collector', 'tempo']

/** Files of a folder, sorted; none if there is no such folder. */
function filesOf(folder: string, ending: RegExp): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => ending.test(name))
    .toSorted()
}

const yaml = (value: unknown): string => GENERATED + stringify(value, { lineWidth: 0 })

const isThere = (program: string): boolean => filesOf(`observability/${program}`, /\.(ya?ml|tmpl)$/).length > 0

/** The rule files as they are, so that promtool tests what is deployed. */
function prometheusRule(): unknown {
  const groups = filesOf(RULES, /\.yaml$/).flatMap(
    (file) => (parse(readFileSync(`${RULES}/${file}`, 'utf8')) as { groups: unknown[] }).groups,
  )
  const labels = { 'app.kubernetes.io/component': 'node' }
  return { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata: { name: 'otp', labels }, spec: { groups } }
}

const boardName = (file: string): string => `otp-board-${basename(file, '.json')}`

/** One ConfigMap each: a ConfigMap holds a mebibyte. Grafana's sidecar finds them by their label, under names that stay. */
function boards(): unknown {
  const configMapGenerator = filesOf(BOARDS, /\.json$/).map((file) => ({
    name: boardName(file),
    files: [`${basename(BOARDS)}/${file}`],
    options: { disableNameSuffixHash: true, labels: { grafana_dashboard: '1' }, annotations: { grafana_folder: 'OTP' } },
  }))
  return { ...KUSTOMIZATION, configMapGenerator }
}

/** Kustomize takes no files from above the folder it works in: so the ConfigMaps are made where the files are. */
function configurations(): unknown {
  const listed = (folder: string, ending: RegExp): string[] => filesOf(`observability/${folder}`, ending).map((file) => `${folder}/${file}`)
  const programs = CONFIGURED.filter(isThere).map((program) => ({ name: `otp-${program}`, files: listed(program, /\.(ya?ml|tmpl)$/) }))
  return { ...KUSTOMIZATION, configMapGenerator: [{ name: 'otp-rules', files: listed('prometheus/rules', /\.yaml$/) }, ...programs] }
}

function stack(): unknown {
  const sources = filesOf(BOARDS, /\.json$/).map((file) => ({ configMap: { name: boardName(file) } }))
  const volume = { name: 'boards', projected: { sources } }
  const spansTo = SPANS_TO.find(isThere)
  const literals = [
    ...(spansTo === undefined ? [] : [`OTEL_EXPORTER_OTLP_ENDPOINT=http://${spansTo}:4318`]),
    // The collector takes log records, too, and has somebody to give them to.
    ...(spansTo === 'collector' && isThere('loki') ? ['OTEL_LOGS_EXPORTER=otlp'] : []),
  ]
  return {
    apiVersion: 'kustomize.config.k8s.io/v1alpha1',
    kind: 'Component',
    resources: [
      'prometheus.yaml',
      'grafana.yaml',
      'network-policies.yaml',
      ...CONFIGURED.filter(isThere).map((program) => `${program}.yaml`),
      '../../../observability',
      '../../../grafana',
      '../../../grafana/provisioning',
    ],
    configMapGenerator: [
      { name: 'otp-prometheus', files: ['prometheus/prometheus.yml'] },
      ...(literals.length === 0 ? [] : [{ name: 'otp-settings', behavior: 'merge', literals }]),
    ],
    patches: [
      {
        target: { kind: 'Deployment', name: 'grafana' },
        patch: stringify([{ op: 'add', path: '/spec/template/spec/volumes/-', value: volume }]),
      },
    ],
  }
}

/** Three servers, as the StatefulSet names them. */
const NATS = serverConfig({
  about: `${GENERATED.slice(2).trim()} Three servers of NATS; what they may keep in all is less than their disk holds.`,
  servers: [0, 1, 2].map((index) => `otp-nats-${index}.otp-nats`),
  storeDirectory: '/data',
  maxFileStore: '8GB',
  certificates: '/run/secrets/otp-nats-tls',
  clusters: { 'otp-labs': '$OTP_NATS_USERS' },
  pidFile: '/run/nats/nats.pid',
})

/** The same on a laptop: whoever is on the network of its containers may do anything. */
const LAPTOP = serverConfig({
  about: `${GENERATED.slice(2).trim()} Three servers of NATS for observability/compose.nats.yaml: no certificates, and no accounts.`,
  servers: ['nats1', 'nats2', 'nats3'],
  storeDirectory: '/data',
  maxFileStore: '2GB',
})

/** Every generated file by its path, as text. */
export const manifests = (): Readonly<Record<string, string>> => ({
  'k8s/generated/prometheus-rule.yaml': yaml(prometheusRule()),
  'k8s/generated/kustomization.yaml': yaml({ ...KUSTOMIZATION, resources: ['prometheus-rule.yaml'] }),
  'grafana/kustomization.yaml': yaml(boards()),
  'observability/kustomization.yaml': yaml(configurations()),
  [`${STACK}/kustomization.yaml`]: yaml(stack()),
  'k8s/components/nats/nats.conf': NATS,
  'observability/nats/nats.conf': LAPTOP,
})

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const isCheck = process.argv.includes('--check')
  for (const [path, text] of Object.entries(manifests())) {
    if (!isCheck) writeFileSync(path, text)
    else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
      console.error(`${path} is not what the code says: run node k8s/generate.ts`)
      process.exitCode = 1
    }
  }
}
