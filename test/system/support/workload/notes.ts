// The file into which one OS process notes what happens; each line is in the kernel's hands before the process goes on, so that a kill loses none.
import { openSync, writeSync } from 'node:fs'
import type { Entry, Note } from '#test/history/history.ts'
import { monotonic } from '../monotonic.ts'

export type TakeNote = (note: Note) => void

export function notesIn(path: string): TakeNote {
  const file = openSync(path, 'a')
  return (note) => {
    const entry: Entry = { at: monotonic(), wall: Date.now(), ...note }
    writeSync(file, `${JSON.stringify(entry)}\n`)
  }
}
