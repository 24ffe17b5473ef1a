// Cuts what is to be sent into pieces of a bounded size, so that a large directory blocks neither the event loop nor a link. Pure.
import type { Section } from './directory.ts'
import type { DirectoryRecord } from './record.ts'

/** Pieces of at most `most` records, each following the one before: whoever merges them in order has the whole. */
export function cut(section: Section, most: number): Section[] {
  if (section.records.length <= most) return [section]
  const sorted = section.records.toSorted((a, b) => a.version - b.version)
  const pieces: Section[] = []
  let { base } = section
  for (let from = 0; from < sorted.length; from += most) {
    const records = sorted.slice(from, from + most)
    const isLast = from + most >= sorted.length
    const to = isLast ? section.to : (records.at(-1) as DirectoryRecord).version
    pieces.push({ writer: section.writer, base, to, records })
    base = to
  }
  return pieces
}
