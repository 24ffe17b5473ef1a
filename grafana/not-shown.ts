// Metrics that no panel shows, each with the reason; every other one is on a board.
import type { MetricName } from '#vocabulary'

export const NOT_SHOWN: Partial<Record<MetricName, string>> = {
  process_start_time_seconds: 'otp_node_uptime_seconds says the same of the node.',
  process_virtual_memory_bytes: 'V8 reserves address space that it never uses; the resident size is what a limit counts.',
  process_heap_bytes: 'The heap of JavaScript is shown as Node.js itself tells it.',
}
