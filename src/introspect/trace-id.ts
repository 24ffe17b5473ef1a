// The id of a trace, for links: out of what travels with a message. Pure.

/** The trace id of a W3C `traceparent`; whatever else it may be is shown as it is. */
export function traceIdOf(carrier: string | undefined): string | null {
  if (carrier === undefined) return null
  return /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(carrier)?.[1] ?? carrier
}
