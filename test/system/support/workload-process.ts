// One OS process of the workload, and what it has noted.
import { readFileSync, writeFileSync } from 'node:fs'
import { entriesOf, type History, parseEntries } from '#test/history/history.ts'
import { ToldProcess } from './told-process.ts'
import type { Questions, WorkloadSettings } from './workload/settings.ts'

const PROGRAM = new URL('./workload/main.ts', import.meta.url).pathname

export class WorkloadProcess extends ToldProcess<Questions> {
  readonly settings: WorkloadSettings

  constructor(namespace: string, settings: WorkloadSettings, env: NodeJS.ProcessEnv = {}) {
    // There from the beginning, even if the program never gets as far as its first note.
    writeFileSync(settings.history, '')
    super({ name: settings.name, namespace, program: PROGRAM, settings, env })
    this.settings = settings
  }

  override lastWords(): string {
    const failure = entriesOf([this.history()], 'event').find(({ type }) => type === 'failure')
    return failure === undefined ? super.lastWords() : JSON.stringify(failure.data)
  }

  /** What it has noted up to now. */
  history(): History {
    const { name, history } = this.settings
    return { node: name, entries: parseEntries(readFileSync(history, 'utf8')), endedAt: this.endedAt, pauses: this.pauses }
  }
}
