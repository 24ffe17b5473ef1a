// The environment of a run's node: what the launcher decides, and everything else as the user has it. Pure.
import { portsOf } from './ports.ts'

export interface NodeOfRun {
  readonly number: number
  readonly portBase: number
  readonly nodes: number
  readonly secret: string
  readonly directory: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** Settings of the user's that would contradict what is set here: another secret, other topologies. */
const STRIPPED = /^OTP_(SECRET_FILE|(STATIC|GOSSIP|DNS|KUBERNETES)_.+)$/

/** Where states are, and who decides: a node with others would not find what the others wrote, and would decide alone. */
const SHARED = /^(OTP_(STATE|ARBITER|NATS)(_.+)?|NATS_URL)$/

/** Those of the user's settings that every node of a run has to share. */
export function sharedSettings(user: Environment): Environment {
  return Object.fromEntries(Object.entries(user).filter(([name]) => SHARED.test(name)))
}

export function nodeEnvironment(
  { number, portBase, nodes, secret, directory }: NodeOfRun,
  user: Environment,
): Record<string, string | undefined> {
  const { http, metrics } = portsOf(portBase, number)
  return {
    // So that no accepted bid is lost with a node; the user may choose another store, or none.
    OTP_STATE_STORE: 'memory',
    ...Object.fromEntries(Object.entries(user).filter(([name]) => !STRIPPED.test(name))),
    OTP_NODE_NAME: `n${number}`,
    OTP_HTTP_PORT: String(http),
    OTP_METRICS_PORT: String(metrics),
    OTP_CLUSTER_HOST: '127.0.0.1',
    OTP_CLUSTER_PORT: '0',
    OTP_SECRET: secret,
    OTP_RUNTIME_DIR: directory,
    OTP_CHAOS: 'allowed',
    OTP_MEMBERS_EXPECTED: String(nodes),
    OTP_TOPOLOGIES: 'local',
  }
}
