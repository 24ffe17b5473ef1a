// Pure. What one TypeScript file imports, exports and takes from the global scope, read with the parser and not by pattern.
import { parseSync, visitorKeys } from 'oxc-parser'

export interface Import {
  /** `undefined`: a path that is computed at run time. */
  readonly specifier: string | undefined
  readonly line: number
  /** Gone at run time: `import type`, `export type`, `import('…')` in a type. `import { type X }` stays as an import of nothing. */
  readonly typeOnly: boolean
  /** What is taken, by the name it has over there; `*` for everything. */
  readonly names: readonly string[]
}

export interface Module {
  readonly path: string
  readonly lines: number
  readonly firstLine: string
  readonly error: string | undefined
  readonly imports: readonly Import[]
  /** Values, not types. */
  readonly exports: readonly { readonly name: string; readonly line: number }[]
  /** Names from the global scope: `setTimeout`, `Date.now`; `Date()` where a date of now is made. */
  readonly globals: readonly { readonly name: string; readonly line: number }[]
}

interface Node {
  readonly type: string
  readonly start: number
  readonly [key: string]: unknown
}

export function readModule(path: string, source: string): Module {
  const { program, errors } = parseSync(path, source)
  const lineStarts = [0, ...[...source.matchAll(/\n/g)].map((match) => match.index + 1)]
  const lineOf = (node: Node): number => lineStarts.findLastIndex((start) => start <= node.start) + 1
  const imports: Import[] = []
  const exports: { name: string; line: number }[] = []
  const globals: { name: string; line: number }[] = []

  const visit = (node: Node, parent: Node | undefined): void => {
    const line = lineOf(node)
    const imported = readImport(node, line)
    if (imported !== undefined) imports.push(imported)
    for (const name of exportedNames(node)) exports.push({ name, line })
    for (const name of globalNames(node, parent)) globals.push({ name, line })
    // A type that names a global (`typeof setTimeout`) does not use it.
    if (node.type === 'TSTypeQuery') return
    for (const key of visitorKeys[node.type] ?? []) for (const child of nodes(node[key])) visit(child, node)
  }
  visit(program as unknown as Node, undefined)
  return {
    path,
    lines: source.split('\n').length - (source.endsWith('\n') ? 1 : 0),
    firstLine: source.replace(/^#!.*\n/, '').split('\n', 1)[0] ?? '',
    error: errors[0]?.message,
    imports,
    exports,
    globals,
  }
}

function nodes(value: unknown): Node[] {
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.filter((item): item is Node => typeof item === 'object' && item !== null && 'type' in item)
}

function text(value: unknown): string | undefined {
  const node = nodes(value)[0]
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  return node?.type === 'Identifier' && typeof node.name === 'string' ? node.name : undefined
}

function literal(value: unknown): string | undefined {
  return nodes(value)[0]?.type === 'Literal' ? text(value) : undefined
}

function readImport(node: Node, line: number): Import | undefined {
  const specifier = literal(node.source)
  switch (node.type) {
    case 'ImportDeclaration': {
      const names = nodes(node.specifiers).map((item) => (item.type === 'ImportSpecifier' ? (text(item.imported) ?? '*') : '*'))
      return { specifier, line, typeOnly: node.importKind === 'type', names }
    }
    case 'ExportNamedDeclaration': {
      if (specifier === undefined) return undefined
      const names = nodes(node.specifiers).map((item) => text(item.local) ?? '*')
      return { specifier, line, typeOnly: node.exportKind === 'type', names }
    }
    case 'ExportAllDeclaration':
      return { specifier, line, typeOnly: node.exportKind === 'type', names: ['*'] }
    case 'ImportExpression':
      return { specifier, line, typeOnly: false, names: ['*'] }
    case 'TSImportType': {
      const qualifier = text(node.qualifier)
      return { specifier, line, typeOnly: true, names: [qualifier ?? '*'] }
    }
    default:
      return undefined
  }
}

/** Values only: a type is the wording of what is exported with it. */
function exportedNames(node: Node): string[] {
  if (node.type !== 'ExportNamedDeclaration' || node.exportKind === 'type') return []
  const declaration = nodes(node.declaration)[0]
  const declared = nodes(declaration?.declarations).map((item) => text(item.id))
  const listed = nodes(node.specifiers).map((item) => (item.exportKind === 'type' ? undefined : text(item.exported)))
  return [text(declaration?.id), ...declared, ...listed].filter((name) => name !== undefined)
}

/** The global that `node` names as a whole, so that `clock.setTimeout` and `{ setTimeout: 1 }` are none. */
function globalNames(node: Node, parent: Node | undefined): string[] {
  if (node.type === 'VariableDeclarator' && nodes(node.id)[0]?.type === 'ObjectPattern') {
    const object = path(nodes(node.init)[0])
    const taken = nodes(nodes(node.id)[0]?.properties).map((property) => text(property.key))
    return object === undefined ? [] : taken.filter((name) => name !== undefined).map((name) => join(object, name))
  }
  if ((node.type === 'NewExpression' || node.type === 'CallExpression') && nodes(node.arguments).length === 0) {
    const callee = path(nodes(node.callee)[0])
    return callee === 'Date' ? ['Date()'] : []
  }
  if (node.type !== 'Identifier' && node.type !== 'MemberExpression') return []
  if (parent !== undefined && isOnlyName(node, parent)) return []
  const name = path(node)
  return name === undefined ? [] : [name]
}

function isOnlyName(node: Node, parent: Node): boolean {
  const is = (key: string): boolean => parent[key] === node
  if (parent.type === 'MemberExpression') return is('property') && parent.computed !== true
  if (parent.type === 'Property') return is('key') && parent.computed !== true
  return is('key') || is('label') || ['ImportSpecifier', 'ExportSpecifier', 'TSQualifiedName'].includes(parent.type)
}

/** `a.b.c` as text, without a leading `globalThis`. */
function path(node: Node | undefined): string | undefined {
  if (node?.type === 'Identifier') return text(node)
  if (node?.type !== 'MemberExpression') return undefined
  const object = path(nodes(node.object)[0])
  const property = node.computed === true ? literal(node.property) : text(node.property)
  return object === undefined || property === undefined ? undefined : join(object, property)
}

function join(object: string, property: string): string {
  return object === 'globalThis' || object === 'global' ? property : `${object}.${property}`
}
