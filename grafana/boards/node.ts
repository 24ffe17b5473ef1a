// Board 7: is a node's event loop free, is its memory sound, and what does watching it cost.
import { board, type Row } from '../board.ts'
import { alertList, figure, graph } from '../panels.ts'
import { increase, max, quantile, rate, select, sum } from '../promql.ts'

const loop: Row = {
  title: 'Is the event loop free?',
  panels: [
    figure({
      title: 'Lag of the event loop',
      runbook: 'OtpEventLoopLag',
      description: 'Does a node react? Lag beyond a second reads as silence to its peers.',
      unit: 's',
      limits: [0.1, 0.5],
      queries: [{ expr: `max(${quantile(0.99, 'otp_eventloop_lag_seconds', ['instance'])})`, legend: '99 %' }],
    }),
    figure({
      title: 'Busiest event loop',
      runbook: 'OtpEventLoopLag',
      description: 'Is there room left? A node near 100 % answers late: give it less, or add a node.',
      unit: 'percentunit',
      limits: [0.8, 0.95],
      queries: [{ expr: max(select('otp_eventloop_utilization_ratio')), legend: 'busy' }],
    }),
    figure({
      title: 'Largest node in memory',
      runbook: 'OtpEventLoopLag',
      description: 'Is memory sound? Compare with the limit of its container.',
      unit: 'bytes',
      queries: [{ expr: max(select('process_resident_memory_bytes')), legend: 'resident' }],
    }),
    figure({
      title: 'Youngest node',
      runbook: 'OtpNodeDown',
      description: 'Was a node restarted? Seconds since the last start of any.',
      unit: 's',
      queries: [{ expr: `min(${select('otp_node_uptime_seconds')})`, legend: 'up for' }],
    }),
    graph({
      title: 'Lag of the event loop, by node',
      runbook: 'OtpEventLoopLag',
      description: 'Which node stalls? Peaks are handlers that block, or garbage collection: compare with the panel below.',
      unit: 's',
      width: 12,
      queries: [
        { expr: quantile(0.5, 'otp_eventloop_lag_seconds', ['instance']), legend: 'median {{instance}}' },
        { expr: quantile(0.99, 'otp_eventloop_lag_seconds', ['instance']), legend: '99 % {{instance}}' },
      ],
    }),
    alertList('Alerts that fire or are about to', 'Is anything wrong that somebody was told of? Each alert leads to its runbook.', 12),
    graph({
      title: 'How busy event loops are, by node',
      runbook: 'OtpEventLoopLag',
      description: 'Where is room? Uneven lines with even numbers of processes are a few busy ones: find them in the observer.',
      unit: 'percentunit',
      queries: [{ expr: max(select('otp_eventloop_utilization_ratio'), 'instance'), legend: '{{instance}}' }],
    }),
    graph({
      title: 'Processor time, by node',
      runbook: 'OtpEventLoopLag',
      description: 'What does a node use? Above 1 are threads of the garbage collector and of the network.',
      unit: 'short',
      queries: [
        { expr: sum(rate('process_cpu_seconds_total'), 'instance'), legend: '{{instance}}' },
        { expr: sum(rate('process_cpu_system_seconds_total'), 'instance'), legend: '{{instance}} in the kernel' },
        { expr: sum(rate('process_cpu_user_seconds_total'), 'instance'), legend: '{{instance}} of its own' },
      ],
    }),
    graph({
      title: 'Garbage collection, share of time',
      runbook: 'OtpEventLoopLag',
      description: 'Does collecting garbage eat the loop? Major collections that come often are a heap that is too small.',
      unit: 'percentunit',
      queries: [
        {
          expr: `sum by (instance, kind) (rate(${select('nodejs_gc_duration_seconds').replace('{', '_sum{')}[$__rate_interval]))`,
          legend: '{{instance}} {{kind}}',
        },
      ],
    }),
  ],
}

const memory: Row = {
  title: 'Is memory sound?',
  panels: [
    graph({
      title: 'Memory, by node',
      runbook: 'OtpEventLoopLag',
      description:
        'Does a node grow without end? Heap and processes together: a leak of processes; heap alone: of state; neither: of buffers.',
      unit: 'bytes',
      queries: [
        { expr: max(select('process_resident_memory_bytes'), 'instance'), legend: '{{instance}} resident' },
        { expr: max(select('nodejs_heap_size_used_bytes'), 'instance'), legend: '{{instance}} heap used' },
        { expr: max(select('nodejs_heap_size_total_bytes'), 'instance'), legend: '{{instance}} heap' },
        { expr: max(select('nodejs_external_memory_bytes'), 'instance'), legend: '{{instance}} external' },
      ],
    }),
    graph({
      title: 'Open files and what keeps the loop alive',
      runbook: 'OtpEventLoopLag',
      description: 'Are sockets leaked? Compare with the limit; timers and sockets are told apart.',
      unit: 'short',
      queries: [
        { expr: max(select('process_open_fds'), 'instance'), legend: '{{instance}} files' },
        { expr: `min(${select('process_max_fds')})`, legend: 'limit' },
        { expr: sum(select('nodejs_active_resources'), 'type'), legend: '{{type}}' },
      ],
    }),
  ],
}

const cost: Row = {
  title: 'What does watching cost, and does it see everything?',
  panels: [
    graph(
      {
        title: 'Spans, by what became of them',
        runbook: 'OtpSpansDropped',
        description: 'Is evidence lost? “dropped” in otp.lifecycle or otp.cluster must be 0; “failed” is the collector.',
        unit: 'short',
        queries: [{ expr: sum(increase('otp_telemetry_spans_total'), 'scope', 'outcome'), legend: '{{scope}} {{outcome}}' }],
      },
      'bars',
    ),
    graph({
      title: 'Spans that wait for their export',
      runbook: 'OtpSpansDropped',
      description: 'Does the export keep up? A queue that only grows will drop.',
      unit: 'short',
      queries: [{ expr: sum(select('otp_telemetry_span_queue'), 'instance', 'scope'), legend: '{{instance}} {{scope}}' }],
    }),
    graph(
      {
        title: 'Log records sent, by what became of them',
        runbook: 'OtpSpansDropped',
        description:
          'Does the log store hold the whole log? Standard output does: “dropped” found the queue full, “failed” is the collector. All are 0 where no record is sent.',
        unit: 'short',
        queries: [{ expr: sum(increase('otp_telemetry_log_records_total'), 'outcome'), legend: '{{outcome}}' }],
      },
      'bars',
    ),
    graph({
      title: 'How long a scrape takes',
      runbook: 'OtpScrapeSlow',
      description: 'Does scraping cost the loop? It works in slices, so a long one blocks nobody, but may run into Prometheus’ time limit.',
      unit: 's',
      queries: [{ expr: quantile(0.99, 'otp_telemetry_scrape_duration_seconds', ['instance']), legend: '99 % {{instance}}' }],
    }),
    graph({
      title: 'Series, by node',
      runbook: 'OtpSeriesExplosion',
      description: 'Do labels grow without end? They are bounded: what is too much is counted as “other”.',
      unit: 'short',
      queries: [
        { expr: max(select('otp_telemetry_series'), 'instance'), legend: '{{instance}}' },
        { expr: sum(increase('otp_telemetry_label_overflow_total'), 'metric'), legend: 'too many labels: {{metric}}' },
      ],
    }),
    graph(
      {
        title: 'Listeners that were detached',
        runbook: 'OtpMetricsAbsent',
        description: 'Did a subscriber of the event stream throw? It hears nothing any more until the node is restarted.',
        unit: 'short',
        queries: [{ expr: sum(increase('otp_telemetry_subscribers_detached_total'), 'subscriber'), legend: '{{subscriber}}' }],
      },
      'bars',
    ),
    graph({
      title: 'Requests to the observer a second',
      runbook: 'OtpScrapeSlow',
      description: 'Who looks, and do they get answers? “client_error” with many requests is a script with a wrong token.',
      unit: 'reqps',
      queries: [{ expr: sum(rate('otp_observer_requests_total'), 'route', 'outcome'), legend: '{{route}} {{outcome}}' }],
    }),
    graph({
      title: 'How long the observer takes to answer',
      runbook: 'OtpScrapeSlow',
      description: 'Does looking cost? A slow cluster route waits for its slowest node, up to its deadline.',
      unit: 's',
      queries: [{ expr: quantile(0.99, 'otp_observer_request_duration_seconds', ['route']), legend: '99 % {{route}}' }],
    }),
    figure({
      title: 'Versions of Node.js',
      runbook: 'OtpVersionCrashRegression',
      description: 'Do all nodes run the same runtime? Two at once are a deploy, or one that got stuck.',
      unit: 'short',
      width: 8,
      queries: [{ expr: `count by (version) (${select('nodejs_version_info')})`, legend: '{{version}}' }],
    }),
  ],
}

export const node = () =>
  board('otp-node', 'Is a node’s event loop free, is its memory sound, and what does watching it cost.', [loop, memory, cost])
