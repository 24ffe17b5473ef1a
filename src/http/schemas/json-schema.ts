// From the descriptions of answers and requests to what Fastify and OpenAPI take.
import { z } from 'zod'
import { problem } from './parts.ts'

type JsonSchema = Readonly<Record<string, unknown>>

export function jsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: 'draft-7',
    override: ({ jsonSchema: made }) => {
      // The format says it; the expression behind it is nothing to read.
      if (made.format === 'date-time') delete made.pattern
      if (made.maximum === Number.MAX_SAFE_INTEGER) delete made.maximum
    },
  })
  return json
}

const PROBLEM = { description: 'a problem document', content: { 'application/problem+json': { schema: jsonSchema(problem) } } }

/** An answer, and what comes instead of it. */
export function answers(schema: z.ZodType, description: string): JsonSchema {
  return { 200: { description, content: { 'application/json': { schema: jsonSchema(schema) } } }, '4xx': PROBLEM, '5xx': PROBLEM }
}

/** A stream of events. */
export function streams(description: string): JsonSchema {
  return { 200: { description, content: { 'text/event-stream': { schema: { type: 'string' } } } }, '4xx': PROBLEM, '5xx': PROBLEM }
}
