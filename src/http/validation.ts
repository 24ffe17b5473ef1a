// Checks requests against their schemas: queries and paths are text and are converted, bodies are JSON and are taken as they are.
import ajvCompiler from '@fastify/ajv-compiler'
import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify'

/** With `verbose`, an error also holds what came and the schema that it did not fit. */
interface Invalid extends FastifySchemaValidationError {
  readonly data?: unknown
  readonly parentSchema?: {
    readonly description?: string
    readonly properties?: Readonly<Record<string, { readonly description?: string }>>
  }
}

// A misspelt option is an error, not something to drop in silence.
const OPTIONS = { removeAdditional: false, useDefaults: true, allErrors: false, verbose: true } as const
const SHOWN_LENGTH = 100

const build = ajvCompiler()
const coercing = build({}, { customOptions: { ...OPTIONS, coerceTypes: true } })
const strict = build({}, { customOptions: { ...OPTIONS, coerceTypes: false } })

/** A number in a body has to be a number, `"10"` is none; in a query everything is text. */
export const validatorCompiler: FastifySchemaCompiler<unknown> = (route) => (route.httpPart === 'body' ? strict : coercing)(route)

/** What was expected and what came, such as `body.amount: expected a number above 0, got "ten"`. A schema's `description` says what is expected. */
export function describeInvalid(context: string, errors: readonly FastifySchemaValidationError[]): string {
  const { instancePath, keyword, params, message, data, parentSchema } = errors[0] as Invalid
  const path = context + instancePath.replaceAll('/', '.')
  const properties = parentSchema?.properties ?? {}
  if (keyword === 'additionalProperties') {
    const known = Object.keys(properties)
    return `${path}.${String(params.additionalProperty)}: there is no such field; ${known.length === 0 ? 'it takes none' : `there are: ${known.join(', ')}`}`
  }
  if (keyword === 'required') {
    const missing = String(params.missingProperty)
    return `${path}.${missing}: expected ${properties[missing]?.description ?? 'a value'}, got nothing`
  }
  const got = (typeof data === 'number' ? String(data) : (JSON.stringify(data) ?? 'nothing')).slice(0, SHOWN_LENGTH)
  const { description } = parentSchema ?? {}
  return description === undefined ? `${path}: ${message}, got ${got}` : `${path}: expected ${description}, got ${got}`
}
