// Rows of calls between nodes, beside a bare socket with the same codec and beside what others were measured at.
import type { PeerSource, Row, Source } from '#bench/support/bench.ts'
import { nodeProgram } from '#bench/support/child.ts'

const ours = (measure: string, figure: string): Source => ({
  command: nodeProgram('bench/cluster/ours/remote-call.ts', measure),
  figure,
})

const bareSocket = (figure: string): PeerSource => ({
  source: { command: nodeProgram('bench/cluster/peers/bare-socket.ts', 'tcp'), figure },
})

const SEQUENCE: Row = {
  name: 'remote-call',
  title: 'round trips of one caller to a process of another node, over TCP on one host',
  unit: 'calls/s',
  better: 'higher',
  ours: ours('tcp', 'sequence'),
  peers: { 'bare socket': bareSocket('sequence'), erlang: { reference: 10_500 } },
  goals: [
    { times: 0.75, peer: 'erlang' },
    { times: 0.9, peer: 'bare socket' },
  ],
}

const AT_ONCE: Row = {
  name: 'remote-call-100',
  title: 'the same, 100 callers at once',
  unit: 'calls/s',
  better: 'higher',
  ours: ours('tcp', 'atOnce'),
  peers: { 'bare socket': bareSocket('atOnce'), erlang: { reference: 52_000 } },
  goals: [{ times: 1.5, peer: 'erlang' }],
}

const TLS: Row = {
  name: 'remote-call-tls',
  title: 'round trips of one caller over an encrypted link',
  unit: 'calls/s',
  better: 'higher',
  ours: ours('tls', 'sequence'),
  peers: { 'bare socket': bareSocket('sequence') },
  goals: [],
}

const TLS_AT_ONCE: Row = {
  name: 'remote-call-tls-100',
  title: 'the same, 100 callers at once',
  unit: 'calls/s',
  better: 'higher',
  ours: ours('tls', 'atOnce'),
  peers: { 'bare socket': bareSocket('atOnce') },
  goals: [],
}

const IDLE: Row = {
  name: 'idle-link',
  title: 'what a link of three idle nodes carries, in its busier direction',
  unit: 'bytes/s',
  better: 'lower',
  ours: ours('idle', 'bytesPerSecond'),
  peers: {},
  goals: [{ bound: 300 }],
}

/** The rows in the order in which they are printed. */
export const remoteCallRows: readonly Row[] = [SEQUENCE, AT_ONCE, TLS, TLS_AT_ONCE, IDLE]
