// Grafana's data sources: given every address, and each leads on to another that there is.
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { resourceOf } from '#observability/resource.ts'
import { METRICS } from '#vocabulary'
import { identity } from './support/node.ts'
import { compose, loki, read, text } from './support/pipeline.ts'
import { unknownMetrics } from './support/promql.ts'

interface Source {
  readonly uid: string
  readonly type: string
  readonly url: string
  readonly jsonData?: {
    readonly tracesToLogsV2?: { readonly query: string; readonly tags: readonly { readonly key: string; readonly value: string }[] }
    readonly derivedFields?: readonly object[]
  }
}

describe('Grafana', () => {
  const folder = 'grafana/provisioning'
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => `${folder}/${file}`)
  const environment = compose.services['grafana']?.environment ?? {}
  const { datasources: sources } = read(`${folder}/datasources/otp.yaml`) as { datasources: Source[] }
  const source = (uid: string) => sources.find((each) => each.uid === uid)

  test('is given every address that it is provisioned with', () => {
    expect(files.length).toBeGreaterThanOrEqual(3)
    for (const file of files) {
      for (const [, variable] of text(file).matchAll(/\$\{([A-Z]+_URL)\}/g))
        expect([file, Object.keys(environment)]).toEqual([file, expect.arrayContaining([variable])])
    }
    for (const [variable, address] of Object.entries(environment).filter(([name]) => name.endsWith('_URL'))) {
      expect([variable, Object.keys(compose.services)]).toEqual([variable, expect.arrayContaining([new URL(address).hostname])])
    }
  })

  test('writes every $ that is not an address of its environment twice, or it would be taken out', () => {
    for (const file of files) {
      const dollars = text(file)
        .replaceAll(/^\s*#.*$/gm, '')
        .match(/\$+(?:\{?\w+)?/g)
      const single = dollars?.filter((dollar) => !dollar.startsWith('$$') && !/^\$\{[A-Z]+_URL$/.test(dollar))
      expect([file, single ?? []]).toEqual([file, []])
    }
  })

  test('goes from a trace to its logs by labels that Loki makes of it, and back by the id that it keeps of it', () => {
    const { query, tags } = source('tempo')?.jsonData?.tracesToLogsV2 ?? { query: '', tags: [] }
    expect(query).toBe('{$${__tags}} | trace_id="$${__trace.traceId}"')
    const [labels] = loki.limits_config.otlp_config.resource_attributes.attributes_config
    const named = Object.keys(resourceOf(identity).attributes)
    for (const attribute of labels.attributes) expect(named).toContain(attribute)
    expect(labels.attributes).not.toContain('service.instance.id')
    for (const { key, value } of tags) {
      expect(labels.attributes).toContain(key)
      expect(value).toBe(key.replaceAll('.', '_'))
    }
    expect(tags).not.toEqual([])
    expect(source('loki')).toMatchObject({
      type: 'loki',
      url: expect.stringMatching(/^\$\{LOKI_URL\}$/),
      jsonData: { derivedFields: [{ matcherType: 'label', matcherRegex: 'trace_id', datasourceUid: 'tempo', url: '$${__value.raw}' }] },
    })
  })

  test('goes from exemplars to traces and from spans to metrics, by sources that there are', () => {
    const uids = sources.map(({ uid }) => uid)
    const named = [...JSON.stringify(sources).matchAll(/"(?:datasourceUid|alertmanagerUid)":"(\w+)"/g)].map((match) => match[1] as string)
    expect(named.length).toBeGreaterThanOrEqual(5)
    expect(named.filter((uid) => !uids.includes(uid))).toEqual([])
    expect(unknownMetrics(text(`${folder}/datasources/otp.yaml`))).toEqual([])
    expect(Object.values(METRICS).some((metric) => 'exemplars' in metric)).toBe(true)
  })

  test('has the boards where its provisioning looks for them', () => {
    const { providers } = read(`${folder}/dashboards/otp.yaml`) as { providers: { options: { path: string } }[] }
    for (const { options } of providers) {
      expect(compose.services['grafana']?.volumes.map((volume) => volume.split(':')[1])).toContain(options.path)
    }
  })
})
