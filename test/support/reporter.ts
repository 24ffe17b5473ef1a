// Prints the run's seed and every skipped test with its reason, and writes the counts that CI adds up.
import { writeFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** What lands in the file that `OTP_TEST_REPORT` names. */
interface Report {
  readonly seed: string
  readonly passed: number
  /** Tests that failed, files that could not be read, and errors that no test owns. */
  readonly failed: readonly string[]
  readonly skipped: readonly { readonly name: string; readonly reason: string }[]
}

export default class CountingReporter implements Reporter {
  #seed = ''

  onInit(vitest: Parameters<NonNullable<Reporter['onInit']>>[0]): void {
    this.#seed = vitest.config.env.OTP_TEST_SEED ?? ''
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const report = { seed: this.#seed, ...count(modules, unhandledErrors) }
    console.log(`\nseed ${report.seed}`)
    for (const { name, reason } of report.skipped) console.log(`skipped: ${name} (${reason})`)
    const file = process.env.OTP_TEST_REPORT
    if (file !== undefined) writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
  }
}

function count(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): Omit<Report, 'seed'> {
  let passed = 0
  const failed: string[] = []
  const skipped: { name: string; reason: string }[] = []
  for (const module of modules) {
    if (module.errors().length > 0) failed.push(`${module.relativeModuleId} (could not be read)`)
    for (const suite of module.children.allSuites()) {
      if (suite.errors().length > 0) failed.push(`${module.relativeModuleId} > ${suite.fullName} (outside its tests)`)
    }
    for (const test of module.children.allTests()) {
      const name = `${module.relativeModuleId} > ${test.fullName}`
      const result = test.result()
      if (result.state === 'passed') passed++
      else if (result.state === 'skipped') skipped.push({ name, reason: result.note ?? 'no reason given' })
      else failed.push(result.state === 'failed' ? name : `${name} (never ended)`)
    }
  }
  for (const error of unhandledErrors) failed.push(`unhandled error: ${error.message}`)
  return { passed, failed, skipped }
}
