// Manifests as kubectl renders them: what would be applied.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseAllDocuments, stringify } from 'yaml'

/** An object of Kubernetes, as far as all of them are alike. */
export interface Resource {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }
  readonly [field: string]: unknown
}

/** Components came with kustomize 3.7, `labels` with templates with 5.0. */
const OLDEST_KUSTOMIZE = 5

/** Why nothing can be rendered here; undefined: it can. */
export function whyNoKubectl(): string | undefined {
  const { status, stdout } = spawnSync('kubectl', ['version', '--client', '-o', 'json'], { encoding: 'utf8' })
  if (status !== 0) return 'kubectl is not installed here'
  const { kustomizeVersion = 'none' } = JSON.parse(stdout) as { kustomizeVersion?: string }
  const major = Number(/^v(\d+)\./.exec(kustomizeVersion)?.[1] ?? 0)
  return major < OLDEST_KUSTOMIZE ? `kubectl has kustomize ${kustomizeVersion}, and version ${OLDEST_KUSTOMIZE} is needed` : undefined
}

export function render(folder: string): Resource[] {
  return resourcesIn(execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }))
}

/** The base with these components, in their order, as an overlay would have them. */
export function renderWith(components: readonly string[]): Resource[] {
  mkdirSync('dist', { recursive: true })
  const folder = mkdtempSync(join('dist', 'k8s-'))
  const path = (to: string): string => relative(folder, to)
  const overlay = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    namespace: 'otp-labs',
    resources: [path('k8s/base')],
    components: components.map((name) => path(`k8s/components/${name}`)),
  }
  try {
    writeFileSync(join(folder, 'kustomization.yaml'), stringify(overlay))
    return render(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export function resourcesIn(text: string): Resource[] {
  return parseAllDocuments(text).map((document) => {
    for (const error of document.errors) throw error
    return document.toJS() as Resource
  })
}
