// Pure. Which metrics a text speaks of, held against the vocabulary and the recorded names.
import { ATTRIBUTES, METRICS, type MetricEntry, SPANS } from '#vocabulary'

const known = new Set(
  Object.entries(METRICS as Record<string, MetricEntry>).flatMap(([name, { kind }]) =>
    kind === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
)

/** Names in a PromQL expression, a rule file or a runbook that nothing exposes and no rule records. */
export function unknownMetrics(text: string, rules: readonly { readonly record?: string }[] = []): string[] {
  // Buckets of NATS, in commands of its tools, are named likewise.
  const recorded = new Set(rules.map(({ record }) => record))
  const names =
    text.match(/(?<![\w.:/-]|nats (?:kv|object) \w+ )(?:otp|nodejs|process)(?:_[a-z0-9]+)+\b(?!\s*=[~"])|(?<![\w.:/-])otp:[a-z0-9_:]+/g) ??
    []
  return names.filter((name) => !known.has(name) && !recorded.has(name) && !(name in SPANS) && !(name in ATTRIBUTES))
}
