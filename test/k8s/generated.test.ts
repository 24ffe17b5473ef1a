// What is generated for Kubernetes is what its sources say, and complete.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { manifests } from '#k8s/generate.ts'

describe('generated for Kubernetes', () => {
  test.for(Object.entries(manifests()))('%s is what the code says', ([path, text]) => {
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  test('every rule that promtool tests is deployed, as it is', () => {
    const folder = 'observability/prometheus/rules'
    const tested = readdirSync(folder).flatMap((file) => parse(readFileSync(`${folder}/${file}`, 'utf8')).groups)
    const deployed = parse(readFileSync('k8s/generated/prometheus-rule.yaml', 'utf8')).spec.groups
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)
    expect(deployed.toSorted(byName)).toEqual(tested.toSorted(byName))
    expect(deployed.length).toBeGreaterThan(0)
  })

  test('every board is a ConfigMap of its own, and small enough for one', () => {
    const boards = readdirSync('grafana/generated').filter((file) => file.endsWith('.json'))
    const { configMapGenerator } = parse(readFileSync('grafana/kustomization.yaml', 'utf8'))
    expect(configMapGenerator.flatMap(({ files }: { files: string[] }) => files)).toEqual(
      boards.toSorted().map((board) => `generated/${board}`),
    )
    for (const board of boards) expect(readFileSync(`grafana/generated/${board}`).byteLength).toBeLessThan(1_000_000)
  })

  test("the stack's Prometheus can read its configuration", ({ skip }) => {
    skip(spawnSync('promtool', ['--version']).status !== 0, 'promtool is not installed here')
    const { scrape_configs: jobs, ...rest } = parse(readFileSync('k8s/components/stack/prometheus/prometheus.yml', 'utf8'))
    const folder = mkdtempSync(join(tmpdir(), 'otp-prometheus-'))
    const file = join(folder, 'prometheus.yml')
    try {
      // Debian's is built without discovery by Kubernetes, and would refuse the word.
      const others = jobs.map(({ kubernetes_sd_configs: _discovery, ...job }: Record<string, unknown>) => job)
      expect(others).toHaveLength(jobs.length)
      writeFileSync(file, stringify({ ...rest, scrape_configs: others }))
      const { status, stderr } = spawnSync('promtool', ['check', 'config', '--syntax-only', file], { encoding: 'utf8' })
      expect([status, stderr]).toEqual([0, ''])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
