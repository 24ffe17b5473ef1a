// Records the stories anew: `node test/observability/record.ts`. The pages that they lead to are snapshots: `npm test -- test/observability/replay.test.ts -u`.
import { writeFileSync } from 'node:fs'
import type { NodeEvents } from '#otp-labs'
import { EVENTS } from '#vocabulary'
import { printRecording, type RecordedFact } from './support/recording.ts'
import { formed, scenarios } from './support/scenarios.ts'

/** The node whose facts are kept. */
const NODE = 'n1'

for (const [name, play] of Object.entries(scenarios)) {
  const facts: RecordedFact[] = []
  const box = await formed({
    onNode: (node) => {
      if (node.name !== NODE) return
      for (const type of Object.keys(EVENTS) as (keyof NodeEvents)[]) {
        node.events.subscribe(`recording of ${type}`, {
          [type]: (event: RecordedFact['event']) => facts.push({ at: node.clock.now(), type, event }),
        })
      }
    },
  })
  await play(box)
  const path = `test/observability/recordings/${name.replaceAll(' ', '-')}.jsonl`
  writeFileSync(path, printRecording({ facts, snapshot: box.node(NODE).snapshot() }))
  process.stdout.write(`${path}: ${facts.length} facts\n`)
}
process.exit(0)
