// The order of test files where several run at a time: the longest begin first, so that none of them is waited for alone at the end.
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Over twenty seconds each, or ten where all need only Node. */
export const LONGEST = [
  'test/system/nats/single-owner.test.ts',
  'test/system/nats/faults.test.ts',
  'test/system/nats/durable-state.test.ts',
  'test/system/nats/engine.test.ts',
  'test/system/launcher.test.ts',
  'test/system/prove.test.ts',
  'test/system/durable-state.test.ts',
  'test/system/panels.test.ts',
  'test/system/kubernetes.test.ts',
  'test/system/package.test.ts',
  'test/drill/deploy.test.ts',
  'test/drill/faults.test.ts',
  'test/documented-programs.test.ts',
  'test/cluster/topology/kubernetes.test.ts',
]

const rank = ({ moduleId }: TestSpecification): number => {
  const index = LONGEST.findIndex((path) => moduleId.endsWith(`/${path}`))
  return index === -1 ? LONGEST.length : index
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}
