// Facts that were recorded in real scenarios go in, the whole page comes out.
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { declaredEvents } from '#observability/event-fields.ts'
import { createMetrics } from '#observability/metrics.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { eventStream } from './support/node.ts'
import { parseRecording, printRecording } from './support/recording.ts'
import { scenarios } from './support/scenarios.ts'

const recordings = globSync('test/observability/recordings/*.jsonl').map((path) => {
  const text = readFileSync(path, 'utf8')
  return { name: basename(path, '.jsonl'), text, recording: parseRecording(text) }
})
const declared = declaredEvents()

test('every scenario has its recording', () => {
  expect(recordings.map(({ name }) => name).sort()).toEqual(
    Object.keys(scenarios)
      .map((name) => name.replaceAll(' ', '-'))
      .sort(),
  )
})

describe.for(recordings)('$name', ({ name, text, recording }) => {
  test('leads to its page', async () => {
    const clock = new FakeClock()
    const metrics = createMetrics({ snapshot: () => recording.snapshot, clock, runtime: false })
    metrics.stop()
    const events = eventStream()
    events.subscribe('metrics', metrics.table)
    for (const { type, event } of recording.facts) events.emit(type, event)
    const { body } = await metrics.render()
    // How long this machine took to render is not recorded.
    await expect(body.replace(/^(otp_telemetry_scrape\S*) .*$/gm, '$1 …')).toMatchFileSnapshot(`./recordings/${name}.txt`)
  })

  test('is read as it was written', () => {
    expect(printRecording(recording)).toBe(text)
  })

  test('holds facts as they are declared today; if not, record anew: node test/observability/record.ts', () => {
    for (const { type, event } of recording.facts) {
      const fields = declared.get(type)?.fields ?? []
      const names = fields.map((field) => field.slice(0, field.indexOf(':')))
      const needed = fields
        .filter((field) => !field.includes('undefined') && !field.endsWith('unknown'))
        .map((field) => field.slice(0, field.indexOf(':')))
      expect([type, Object.keys(event).filter((field) => !names.includes(field))]).toEqual([type, []])
      expect([type, needed.filter((field) => !(field in event))]).toEqual([type, []])
    }
  })
})
