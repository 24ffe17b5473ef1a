// The fields of every fact, as the rooms declare them: read from their sources, for the reference page alone.
import { globSync, readFileSync } from 'node:fs'
import { parseSync } from 'oxc-parser'

export interface DeclaredEvent {
  /** What the declaration says beside it. */
  readonly comment: string
  /** Each as `name: type`. */
  readonly fields: readonly string[]
}

/** Facts are declared in interfaces named `…Events`. */
const SOURCES = ['src/*/events.ts', 'src/node-events.ts', 'src/base/event-stream.ts']

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
}
interface Member extends Node {
  readonly key: Node & { readonly value?: unknown }
  readonly typeAnnotation?: { readonly typeAnnotation: Node & { readonly members?: readonly Node[] } }
}
interface Declaration extends Node {
  readonly id: { readonly name: string }
  readonly body: { readonly body: readonly Member[] }
}

/** Every fact that the files under the root of the repository declare, by its type. */
export function declaredEvents(root = '.'): Map<string, DeclaredEvent> {
  const events = new Map<string, DeclaredEvent>()
  for (const path of SOURCES.flatMap((pattern) => globSync(pattern, { cwd: root }).toSorted())) {
    for (const [type, event] of eventsIn(readFileSync(`${root}/${path}`, 'utf8'))) events.set(type, event)
  }
  return events
}

/** The same of one source. */
export function eventsIn(source: string): [string, DeclaredEvent][] {
  const { program, comments } = parseSync('events.ts', source)
  const inOneLine = (text: string) =>
    text
      .replaceAll(/\/\*\*?|\*\/|^\s*\*/gm, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim()
  const commentBefore = (member: Node) =>
    comments.findLast(({ end }) => end <= member.start && source.slice(end, member.start).trim() === '')?.value ?? ''
  const fieldsOf = (member: Member) =>
    (member.typeAnnotation?.typeAnnotation.members ?? []).map((field) =>
      inOneLine(source.slice(field.start, field.end).replaceAll(/\/\*[\s\S]*?\*\//g, '')).replace(/[;,]$/, ''),
    )
  return declarationsIn(program.body as unknown as readonly Node[]).flatMap(({ body }) =>
    body.body
      .filter(({ key }) => typeof key.value === 'string')
      .map((member): [string, DeclaredEvent] => [key(member), { comment: inOneLine(commentBefore(member)), fields: fieldsOf(member) }]),
  )
}

const key = (member: Member): string => String(member.key.value)

function declarationsIn(statements: readonly Node[]): Declaration[] {
  return statements
    .map((statement) => (statement as { declaration?: Node }).declaration ?? statement)
    .filter((node): node is Declaration => node.type === 'TSInterfaceDeclaration' && (node as Declaration).id.name.endsWith('Events'))
}
