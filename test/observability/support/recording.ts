// A recording: the facts that one node stated, as lines of JSON, and what it looked like at the end.
import { Crash, type NodeEvents, type NodeSnapshot, Pid, parsePid } from '#otp-labs'

/** A fact, and the monotonic time at which it was stated. */
export interface RecordedFact {
  readonly at: number
  readonly type: keyof NodeEvents
  readonly event: NodeEvents[keyof NodeEvents]
}

export interface Recording {
  readonly facts: readonly RecordedFact[]
  readonly snapshot: NodeSnapshot
}

/** Pids and crashes are objects; of a crash its stack is left out, which says where the project lies on this machine. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Pid) return { $pid: value.toString() }
  if (value instanceof Crash) return { $crash: [value.error.name, value.error.message] }
  return value
}

function revived(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if ('$pid' in value) return parsePid(String(value.$pid))
  if (!('$crash' in value)) return value
  const [name, message] = value.$crash as [string, string]
  return new Crash(Object.assign(new Error(message), { name }))
}

/** `Pid` prints itself as text in JSON: it is taken out before that. */
function tagged(value: unknown): unknown {
  if (value instanceof Pid || value instanceof Crash) return plain('', value)
  if (Array.isArray(value)) return value.map(tagged)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, tagged(entry)]))
}

export function printRecording({ facts, snapshot }: Recording): string {
  return [...facts, { snapshot }].map((line) => `${JSON.stringify(tagged(line))}\n`).join('')
}

export function parseRecording(text: string): Recording {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line, revived) as RecordedFact | { readonly snapshot: NodeSnapshot })
  const last = lines.at(-1)
  if (last === undefined || !('snapshot' in last)) throw new Error('expected a recording to end with a snapshot')
  return { facts: lines.slice(0, -1) as RecordedFact[], snapshot: last.snapshot }
}
