// How the tests run: projects by what they need and bear, one seed, and a report for CI.
import { randomInt } from 'node:crypto'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'

// Printed by the reporter; `OTP_TEST_SEED=… npm test` runs the same randomness again.
const seed = process.env.OTP_TEST_SEED ?? String(randomInt(2 ** 31))

/** Of the system tests those whose verdict is no matter of milliseconds. */
const IN_PAIRS = 'test/system/{durable-state,kubernetes,large-handoff,launcher,package,panels,prove,topologies}.test.ts'

export default defineConfig({
  test: {
    reporters: ['default', './test/support/reporter.ts'],
    setupFiles: ['test/support/setup.ts'],
    env: { OTP_TEST_SEED: seed },
    sequence: { sequencer: LongestFirst },
    projects: [
      // Everything that needs only Node.
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/system/**', 'test/drill/**'], testTimeout: 10_000 },
      },
      // Real processes, real sockets, real kills: one file at a time, so that they do not disturb each other.
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          exclude: ['test/system/nats/**', IN_PAIRS],
          fileParallelism: false,
          // When the pairs are through.
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: { name: 'pairs', include: [IN_PAIRS], maxWorkers: 2, testTimeout: 120_000, hookTimeout: 120_000 },
      },
      // The same on real servers of NATS, whose disks and elections are waited for: two files at a time.
      {
        extends: true,
        test: { name: 'nats', include: ['test/system/nats/**/*.test.ts'], maxWorkers: 2, testTimeout: 120_000, hookTimeout: 120_000 },
      },
      // Fire drills on real Prometheus and Alertmanager, which tell what event loops do: one at a time.
      {
        extends: true,
        test: { name: 'drills', include: ['test/drill/**/*.test.ts'], fileParallelism: false, hookTimeout: 180_000 },
      },
    ],
  },
})
