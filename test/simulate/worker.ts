// One thread of `npm run simulate`: runs its share of the seeds and tells how each ended.
import { parentPort, workerData } from 'node:worker_threads'
import { type Subject, simulateWithout } from './ablations.ts'

/** The seeds `from`, `from + step`, … below `to`. */
export interface Share {
  readonly from: number
  readonly to: number
  readonly step: number
  readonly nodes: number | undefined
  readonly ablate: string | undefined
  readonly subject: Subject
}

const { from, to, step, nodes, ablate, subject } = workerData as Share
for (let seed = from; seed < to; seed += step) {
  const { violations, births, simulatedMs } = await simulateWithout(ablate, seed, nodes === undefined ? {} : { nodes }, subject)
  parentPort?.postMessage({ seed, violations, births, simulatedMs })
}
