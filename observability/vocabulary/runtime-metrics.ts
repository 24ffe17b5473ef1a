// The metrics of Node.js and of the operating-system process, which prom-client fills.
import { counter, gauge, histogram, type MetricEntry } from './metric-entry.ts'

/** What prom-client says about Node.js and the operating-system process; what is not listed here is not exposed. */
export const RUNTIME_METRICS = {
  process_cpu_user_seconds_total: counter('seconds', 'Total user CPU time spent in seconds.'),
  process_cpu_system_seconds_total: counter('seconds', 'Total system CPU time spent in seconds.'),
  process_cpu_seconds_total: counter('seconds', 'Total user and system CPU time spent in seconds.'),
  process_start_time_seconds: gauge('seconds', 'Start time of the process since unix epoch in seconds.'),
  process_resident_memory_bytes: gauge('bytes', 'Resident memory size in bytes.'),
  process_virtual_memory_bytes: gauge('bytes', 'Virtual memory size in bytes.'),
  process_heap_bytes: gauge('bytes', 'Process heap size in bytes.'),
  process_open_fds: gauge('files', 'Number of open file descriptors.'),
  process_max_fds: gauge('files', 'Maximum number of open file descriptors.'),
  nodejs_active_resources: gauge(
    'resources',
    'Number of active resources that are currently keeping the event loop alive, grouped by async resource type.',
    {
      type: 'open',
    },
  ),
  nodejs_heap_size_total_bytes: gauge('bytes', 'Process heap size from Node.js in bytes.'),
  nodejs_heap_size_used_bytes: gauge('bytes', 'Process heap size used from Node.js in bytes.'),
  nodejs_external_memory_bytes: gauge('bytes', 'Node.js external memory size in bytes.'),
  nodejs_version_info: gauge('info', 'Node.js version info.', { version: 'open', major: 'open', minor: 'open', patch: 'open' }),
  nodejs_gc_duration_seconds: histogram(
    'seconds',
    'Garbage collection duration by kind, one of major, minor, incremental or weakcb.',
    [0.001, 0.01, 0.1, 1, 2, 5],
    { kind: 'open' },
  ),
} as const satisfies Readonly<Record<string, MetricEntry>>
