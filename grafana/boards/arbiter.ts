// Board 6: do nodes keep their leases, does the arbiter answer, and is its engine well.
import { board, type Row } from '../board.ts'
import { alertList, figure, graph } from '../panels.ts'
import { engine, increase, max, quantile, rate, select, sum } from '../promql.ts'

const leases: Row = {
  title: 'Do nodes keep their leases?',
  panels: [
    figure({
      title: 'Oldest lease, of its limit',
      runbook: 'OtpArbiterDegraded',
      description: 'Is any lease about to end? A third is health; at 100 % nothing is handled on that node. Of all nodes: the engine.',
      unit: 'percentunit',
      limits: [0.5, 0.9],
      queries: [
        { expr: `max(${select('otp_arbiter_lease_age_seconds')} / ${select('otp_arbiter_lease_limit_seconds')})`, legend: 'of its limit' },
      ],
    }),
    figure({
      title: 'Nodes that may own nothing',
      runbook: 'OtpArbiterLeaseLost',
      description: 'Has a node no lease? Its children were stopped; the others take them over, unless it is all of them.',
      unit: 'short',
      limits: [0.5, 1],
      queries: [{ expr: `count(${select('otp_arbiter_may_own')} == 0) or vector(0)`, legend: 'without' }],
    }),
    figure({
      title: 'Leases lost',
      runbook: 'OtpArbiterLeaseLost',
      traces: 'otp.arbiter.lease_loss',
      description: 'Did a lease end that nobody gave back? Each is a stop of all that ran under it.',
      unit: 'short',
      limits: [0.5, 1],
      queries: [{ expr: sum(increase('otp_arbiter_leases_lost_total')), legend: 'lost' }],
    }),
    figure({
      title: 'Claims that nobody answered',
      runbook: 'OtpArbiterDegraded',
      traces: 'otp.arbiter.claim',
      description: 'Do names wait for the engine? They are asked for again; what should start does not meanwhile.',
      unit: 'short',
      limits: [1, 10],
      queries: [{ expr: sum(increase('otp_arbiter_claims_total', { outcome: 'unavailable' })), legend: 'unavailable' }],
    }),
    graph({
      title: 'Age of the lease, by node',
      runbook: 'OtpArbiterDegraded',
      traces: 'otp.arbiter.outage',
      description: 'Who renews late? One line that climbs is that node or its network; all at once are the engine without a leader.',
      unit: 's',
      width: 12,
      queries: [
        { expr: max(select('otp_arbiter_lease_age_seconds'), 'instance'), legend: '{{instance}}' },
        { expr: `min(${select('otp_arbiter_lease_limit_seconds')})`, legend: 'limit', color: 'red' },
      ],
    }),
    alertList('Alerts that fire or are about to', 'Is anything wrong that somebody was told of? Each alert leads to its runbook.', 12),
    graph({
      title: 'How long renewals take',
      runbook: 'OtpArbiterDegraded',
      description: 'Is the engine near its limits? Renewals go before claims: when they are slow, it is the engine or the network.',
      unit: 's',
      queries: [
        { expr: quantile(0.5, 'otp_arbiter_lease_renewal_duration_seconds', ['instance']), legend: 'median {{instance}}' },
        { expr: quantile(0.99, 'otp_arbiter_lease_renewal_duration_seconds', ['instance']), legend: '99 % {{instance}}' },
      ],
    }),
    graph(
      {
        title: 'Leases lost, by node and cause',
        runbook: 'OtpArbiterLeaseLost',
        traces: 'otp.arbiter.lease_loss',
        description: 'Why was it lost? “expired”: nobody renewed it in time; “refused”: another node made sure that it was over.',
        unit: 'short',
        queries: [{ expr: sum(increase('otp_arbiter_leases_lost_total'), 'instance', 'cause'), legend: '{{instance}} {{cause}}' }],
      },
      'bars',
    ),
  ],
}

const claims: Row = {
  title: 'Does the arbiter answer?',
  panels: [
    graph(
      {
        title: 'Claims a second, by what for and by the answer',
        runbook: 'OtpArbiterDegraded',
        traces: 'otp.arbiter.claim',
        description:
          'What is asked of the engine? A loss of a node is a burst of “takeover”, a deploy of “handoff”; “held” then is patience.',
        unit: 'ops',
        width: 12,
        queries: [{ expr: sum(rate('otp_arbiter_claims_total'), 'op', 'outcome'), legend: '{{op}} {{outcome}}' }],
      },
      'bars',
    ),
    graph({
      title: 'How long claims take',
      runbook: 'OtpArbiterDegraded',
      traces: 'otp.arbiter.claim',
      description:
        'What does arbitration cost a start? About one write of the engine; far more is a queue of claims, or a slow disk there.',
      unit: 's',
      width: 12,
      queries: [
        { expr: quantile(0.5, 'otp_arbiter_claim_duration_seconds', ['op']), legend: 'median {{op}}' },
        { expr: quantile(0.99, 'otp_arbiter_claim_duration_seconds', ['op']), legend: '99 % {{op}}' },
      ],
    }),
    graph(
      {
        title: 'Claims that were not granted',
        runbook: 'OtpArbiterDegraded',
        description:
          'Who is refused? “held”: the owner’s lease may still run; “ended”: that birth is over; “unavailable”: the engine did not answer.',
        unit: 'short',
        width: 24,
        queries: [
          {
            expr: sum(increase('otp_arbiter_claims_total', { outcome: '!granted' }), 'instance', 'op', 'outcome'),
            legend: '{{instance}} {{op}} {{outcome}}',
          },
        ],
      },
      'bars',
    ),
  ],
}

/** What its exporter says; empty where nobody scrapes that. */
const servers: Row = {
  title: 'Is the engine well?',
  panels: [
    figure({
      title: 'Servers that answer',
      runbook: 'OtpArbiterLeaseLost',
      description:
        'Is there a majority? Of three servers two have to be there, or nothing can be claimed. Empty: its exporter is not scraped.',
      unit: 'short',
      queries: [{ expr: `count(${engine('gnatsd_varz_mem')})`, legend: 'servers' }],
    }),
    figure({
      title: 'Servers that are not well',
      runbook: 'OtpArbiterLeaseLost',
      description: 'Does a server say that it is behind or without its leader? One that has just started is for a moment.',
      unit: 'short',
      limits: [0.5, 1],
      queries: [{ expr: sum(engine('gnatsd_healthz_status')), legend: 'unwell' }],
    }),
    figure({
      title: 'Streams without a leader',
      runbook: 'OtpArbiterLeaseLost',
      description: 'Can be written to every bucket? A stream that no server leads takes nothing.',
      unit: 'short',
      limits: [0.5, 1],
      queries: [
        {
          expr: `count(count by (stream_name) (${engine('jetstream_stream_total_messages')})) - (count(count by (stream_name) (${engine('jetstream_stream_total_messages', { is_stream_leader: 'true' })})) or vector(0))`,
          legend: 'without',
        },
      ],
    }),
    figure({
      title: 'Storage used, of what there is',
      runbook: 'OtpArbiterLeaseLost',
      description: 'Is there room? A full store refuses writes: leases are lost with it.',
      unit: 'percentunit',
      limits: [0.7, 0.9],
      queries: [
        {
          expr: `max(${engine('jetstream_server_total_message_bytes')} / ${engine('jetstream_server_max_storage')})`,
          legend: 'used',
        },
      ],
    }),
    graph({
      title: 'Writes a second, by bucket',
      runbook: 'OtpArbiterDegraded',
      description:
        'How much does the engine bear? Every claim, renewal and write of a state is one; each goes to the disks of all servers.',
      unit: 'ops',
      queries: [
        { expr: `max by (stream_name) (rate(${engine('jetstream_stream_last_seq')}[$__rate_interval]))`, legend: '{{stream_name}}' },
      ],
    }),
    graph({
      title: 'Keys, by bucket',
      runbook: 'OtpArbiterDegraded',
      description: 'Does a bucket only grow? Names that ended are forgotten after a day.',
      unit: 'short',
      queries: [{ expr: `max by (stream_name) (${engine('jetstream_stream_total_messages')})`, legend: '{{stream_name}}' }],
    }),
    graph({
      title: 'Connections and routes, by server',
      runbook: 'OtpArbiterDegraded',
      description: 'Who is connected where? A server without routes is alone; clients that were cut off read too slowly.',
      unit: 'short',
      queries: [
        { expr: engine('gnatsd_varz_connections'), legend: '{{instance}} clients' },
        { expr: engine('gnatsd_routez_num_routes'), legend: '{{instance}} routes' },
        { expr: `rate(${engine('gnatsd_varz_slow_consumers')}[$__rate_interval])`, legend: '{{instance}} cut off a second' },
      ],
    }),
    graph({
      title: 'Memory, by server',
      runbook: 'OtpArbiterDegraded',
      description: 'Does a server grow? Compare with the limit of its container.',
      unit: 'bytes',
      width: 12,
      queries: [{ expr: engine('gnatsd_varz_mem'), legend: '{{instance}}' }],
    }),
    graph({
      title: 'Processor time and messages, by server',
      runbook: 'OtpArbiterDegraded',
      description: 'Is a server busy? Its percentage is of one processor; beside it what clients send it a second.',
      unit: 'short',
      width: 12,
      queries: [
        { expr: engine('gnatsd_varz_cpu'), legend: '{{instance}} %' },
        { expr: `rate(${engine('gnatsd_varz_in_msgs')}[$__rate_interval])`, legend: '{{instance}} messages' },
      ],
    }),
  ],
}

export const arbiter = () =>
  board('otp-arbiter', 'Do nodes keep their leases, does the arbiter answer, and is its engine well.', [leases, claims, servers])
