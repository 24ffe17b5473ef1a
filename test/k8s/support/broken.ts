// The rules put to rendered manifests: which of them are broken, and by what.
import { type Config, readConfig } from '#config'
import { NATS_RULES } from './nats-policy.ts'
import { environmentOf, nodeRules } from './node-policy.ts'
import { RULES, type Rule } from './policy.ts'
import type { Resource } from './render.ts'

/** The configuration that a node makes of its environment; throws for one that it would refuse. Files of secrets are in the pod alone. */
export function configOf(resources: readonly Resource[]): Config {
  const { OTP_SECRET_FILE: _file, OTP_OBSERVER_TOKEN_FILE: _token, ...rest } = environmentOf(resources)
  return readConfig({ ...rest, OTP_SECRET: 'a secret of enough length', OTP_OBSERVER_TOKEN: 'a-token-of-enough-length' })
}

/** What breaks rules, by rule; `config` as the node has it. */
export function broken(resources: readonly Resource[], config = configOf(resources)): Record<string, string[]> {
  const rules: Readonly<Record<string, Rule>> = { ...RULES, ...nodeRules(config), ...NATS_RULES }
  const found = Object.entries(rules).map(([name, rule]) => [name, rule(resources)] as const)
  return Object.fromEntries(found.filter(([, problems]) => problems.length > 0))
}
