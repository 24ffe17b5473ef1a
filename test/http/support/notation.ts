// JSON schemas in the short notation of the reference: what a field is called, what it is, and why.

export interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
}

/** `skip`: fields of the outermost object that are told once for all answers. */
export function notation(schema: Schema, skip: readonly string[] = [], indent = ''): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map((each) => notation(each, [], indent)).join(' | ')
  if (schema.enum !== undefined) return schema.enum.map((each) => `'${String(each)}'`).join(' | ')
  if (schema.const !== undefined) return `'${JSON.stringify(schema.const).slice(1, -1)}'`
  if (schema.items !== undefined) return `[${notation(schema.items, [], indent)}]`
  if (schema.properties !== undefined) return fields(schema, skip, indent)
  if (typeof schema.additionalProperties === 'object') return `{ [key]: ${notation(schema.additionalProperties, [], indent)} }`
  if (schema.type === undefined) return 'any JSON'
  return typeof schema.type === 'string' ? schema.type : schema.type.join(' | ')
}

function fields({ properties = {}, required = [] }: Schema, skip: readonly string[], indent: string): string {
  const inner = `${indent}  `
  const lines = Object.entries(properties)
    .filter(([name]) => !skip.includes(name))
    .map(([name, schema]) => {
      const line = `${inner}${name}${required.includes(name) ? '' : '?'}: ${notation(schema, [], inner)}`
      const { description } = schema
      return description === undefined ? line : `${line}    -- ${description}`
    })
  return `{\n${lines.join('\n')}\n${indent}}`
}
