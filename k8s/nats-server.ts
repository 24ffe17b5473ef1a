// Pure. The configuration of the servers of NATS as text: what they are to each other, what they promise, and what a cluster of nodes may do there.

/** Where the parts of one deployment of servers are. */
export interface ServersPlan {
  /** One line: what the file is for. */
  readonly about: string
  /** Hosts of the servers, without a port; one is no cluster of servers. */
  readonly servers: readonly string[]
  readonly storeDirectory: string
  /** What all streams may come to on a server. */
  readonly maxFileStore: string
  /** The folder with `tls.crt`, `tls.key` and `ca.crt`, for clients and for the servers among each other; undefined: plain connections. */
  readonly certificates?: string
  /** Clusters of nodes by their `OTP_NATS_CLUSTER`, and the users of each: a list, or the variable that holds it; undefined: who comes is let in. */
  readonly clusters?: Readonly<Record<string, string>>
  readonly pidFile?: string
}

export const PORTS = { client: 4222, routes: 6222, monitor: 8222 } as const

/** All that the nodes of a cluster send and hear: their three buckets, and answers under an inbox of their own. */
export function permissionsOf(cluster: string): { readonly publish: readonly string[]; readonly subscribe: readonly string[] } {
  const [names, states, blobs] = [`KV_otp_${cluster}_names`, `KV_otp_${cluster}_states`, `OBJ_otp_${cluster}_states`]
  const api = (what: string, stream: string): string => `$JS.API.STREAM.${what}.${stream}`
  return {
    publish: [
      ...[names, states, blobs].flatMap((stream) => ['INFO', 'CREATE', 'MSG.GET'].map((what) => api(what, stream))),
      api('PURGE', blobs),
      `$KV.otp_${cluster}_names.>`,
      `$KV.otp_${cluster}_states.>`,
      `$O.otp_${cluster}_states.>`,
    ],
    subscribe: [`_INBOX_otp_${cluster}.>`],
  }
}

/** As the server reads it; indented by two. */
export function serverConfig(plan: ServersPlan): string {
  const { about, storeDirectory, maxFileStore, pidFile } = plan
  return [
    `# ${about}`,
    // A variable of the environment.
    'server_name: $POD_NAME',
    `listen: 0.0.0.0:${PORTS.client}`,
    `# For probes and the exporter: no password, so network policies keep it closed.`,
    `http: 0.0.0.0:${PORTS.monitor}`,
    ...(pidFile === undefined ? [] : [`pid_file: ${pidFile}`]),
    '# Told to end, it gives away what it leads, then its clients, within half a minute.',
    'lame_duck_grace_period: 5s',
    'lame_duck_duration: 30s',
    ...block('jetstream', [
      `store_dir: ${storeDirectory}`,
      '# A write is answered when the disk has it; by default that is every two minutes.',
      'sync_interval: always',
      `max_file_store: ${maxFileStore}`,
      'max_memory_store: 16MB',
    ]),
    ...tls(plan, false),
    ...routes(plan),
    ...accounts(plan),
    '',
  ].join('\n')
}

const block = (name: string, lines: readonly string[]): string[] => [`${name} {`, ...lines.map((line) => `  ${line}`), '}']

function tls({ certificates }: ServersPlan, isMutual: boolean): string[] {
  if (certificates === undefined) return []
  return block('tls', [
    `cert_file: ${certificates}/tls.crt`,
    `key_file: ${certificates}/tls.key`,
    `ca_file: ${certificates}/ca.crt`,
    ...(isMutual ? ['verify: true'] : []),
    'timeout: 5',
  ])
}

function routes(plan: ServersPlan): string[] {
  if (plan.servers.length < 2) return []
  const scheme = plan.certificates === undefined ? 'nats' : 'tls'
  return block('cluster', [
    'name: otp-nats',
    `listen: 0.0.0.0:${PORTS.routes}`,
    '# Clients have their own list.',
    'no_advertise: true',
    ...tls(plan, true),
    'routes: [',
    ...plan.servers.map((host) => `  ${scheme}://${host}:${PORTS.routes}`),
    ']',
  ])
}

/** An account each, so that no cluster sees another's streams; in it users who may no more than their own program does. */
function accounts({ clusters }: ServersPlan): string[] {
  if (clusters === undefined) return []
  return block(
    'accounts',
    Object.entries(clusters).flatMap(([cluster, users]) => {
      const { publish, subscribe } = permissionsOf(cluster)
      const list = (verb: string, subjects: readonly string[]): string[] => [
        `${verb}: { allow: [`,
        ...subjects.map((subject) => `  "${subject}"`),
        '] }',
      ]
      const permissions = block('default_permissions:', [...list('publish', publish), ...list('subscribe', subscribe)])
      return block(`"${cluster}"`, ['jetstream: enabled', `users: ${users}`, ...permissions])
    }),
  )
}
