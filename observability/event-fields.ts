// The fields of every fact, as the rooms declare them: read from their sources, for the reference page alone.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
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
interface Type extends Node {
  /** Of what is written out. */
  readonly members?: readonly Node[]
  /** Of an intersection. */
  readonly types?: readonly Type[]
  /** Of a name. */
  readonly typeName?: { readonly name: string }
}
interface Member extends Node {
  readonly key: Node & { readonly value?: unknown }
  readonly typeAnnotation?: { readonly typeAnnotation: Type }
}
interface Declaration extends Node {
  readonly id: { readonly name: string }
  readonly body: { readonly body: readonly Member[] }
}

/** Every fact that the files under the root of the repository declare, by its type. */
export function declaredEvents(root = '.'): Map<string, DeclaredEvent> {
  const events = new Map<string, DeclaredEvent>()
  for (const path of SOURCES.flatMap((pattern) => globSync(pattern, { cwd: root }).toSorted())) {
    const beside = (specifier: string): string => readFileSync(join(root, dirname(path), specifier), 'utf8')
    for (const [type, event] of eventsIn(readFileSync(join(root, path), 'utf8'), beside)) events.set(type, event)
  }
  return events
}

/** The same of one source; `beside` reads what it imports. Throws for a fact whose fields are not to be found. */
export function eventsIn(source: string, beside?: (specifier: string) => string): [string, DeclaredEvent][] {
  const { program, comments, module } = parseSync('events.ts', source)
  const interfaces = interfacesOf(program.body)
  const commentBefore = (member: Node) =>
    comments.findLast(({ end }) => end <= member.start && source.slice(end, member.start).trim() === '')?.value ?? ''
  const fieldsOf = (type: Type): string[] => {
    if (type.members !== undefined) return type.members.map((member) => inSource(source, member))
    if (type.types !== undefined) return type.types.flatMap(fieldsOf)
    const name = type.typeName?.name ?? ''
    const here = interfaces.find(({ id }) => id.name === name)
    if (here !== undefined) return here.body.body.map((member) => inSource(source, member))
    const imported = module.staticImports.find(({ entries }) => entries.some(({ localName }) => localName.value === name))
    if (imported === undefined || beside === undefined)
      throw new Error(`the fields of a fact are not to be found: ${source.slice(type.start, type.end)}`)
    return fieldsIn(beside(imported.moduleRequest.value), name)
  }
  return interfaces
    .filter(({ id }) => id.name.endsWith('Events'))
    .flatMap(({ body }) => body.body)
    .filter(({ key }) => typeof key.value === 'string')
    .map(({ key, typeAnnotation, ...member }) => {
      const fields = typeAnnotation === undefined ? [] : fieldsOf(typeAnnotation.typeAnnotation)
      return [String(key.value), { comment: inOneLine(commentBefore(member)), fields }]
    })
}

/** Those of one interface of a source. */
function fieldsIn(source: string, name: string): string[] {
  const found = interfacesOf(parseSync('fields.ts', source).program.body as unknown as readonly Node[]).find(({ id }) => id.name === name)
  if (found === undefined) throw new Error(`no interface ${name} where it is imported from`)
  return found.body.body.map((member) => inSource(source, member))
}

function interfacesOf(statements: readonly Node[]): Declaration[] {
  return statements
    .map((statement) => (statement as { declaration?: Node }).declaration ?? statement)
    .filter((node): node is Declaration => node.type === 'TSInterfaceDeclaration')
}

/** A field as it is written, without what is said of it. */
const inSource = (source: string, { start, end }: Node): string =>
  inOneLine(source.slice(start, end).replaceAll(/\/\*[\s\S]*?\*\//g, ''))
    .replace(/^readonly /, '')
    .replace(/[;,]$/, '')

const inOneLine = (text: string): string =>
  text
    .replaceAll(/\/\*\*?|\*\/|^\s*\*/gm, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
