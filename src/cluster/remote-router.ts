// Carries messages, calls, monitors and exit signals to processes of other nodes.
import {
  Crash,
  type Envelope,
  type ExitReason,
  type MessageKind,
  type NodeId,
  NodeRef,
  Pid,
  type ReplyTo,
  type Router,
  type Runtime,
  type Target,
  type Ties,
  type Watcher,
} from '#process'
import type { Cluster } from './cluster.ts'
import { exitReason, sendReason } from './exit-frames.ts'
import { BadFrame, text, whole } from './frame-check.ts'
import { RemoteLinks } from './remote-links.ts'
import type { Frame, Link } from './transport/transport.ts'

interface RemoteCall {
  /** The node that was asked: whoever answers, for a callee that has moved, says on whose behalf. */
  readonly asked: NodeId
  /** Whose link it hangs on. */
  node: NodeId
  readonly replyTo: ReplyTo
}

interface RemoteMonitor {
  readonly to: Target
  readonly watcher: Watcher
}

/** How a process is named on the wire to its own node. */
const addressOf = (to: Target): string | number => (to instanceof NodeRef ? to.name : to.serial)

/** A link to a node that closes is `noconnection` for everything that was under way on it, as in OTP; a death is decided elsewhere. */
export class RemoteRouter implements Router {
  readonly #cluster: Cluster
  readonly #runtime: Runtime
  readonly #calls = new Map<number, RemoteCall>()
  /** Monitors this node holds on others', and those that others hold on this node's processes, by peer and their reference. */
  readonly #monitors = new Map<number, RemoteMonitor>()
  readonly #watched = new Map<NodeId, Map<number, { ref: number; pid: Pid }>>()
  readonly #links: RemoteLinks
  #lastCall = 0

  constructor(cluster: Cluster, runtime: Runtime) {
    this.#cluster = cluster
    this.#runtime = runtime
    this.#links = new RemoteLinks(cluster, runtime)
    cluster.handle('send', (_from, frame) => this.#onSend(frame))
    cluster.handle('call', (from, frame) => this.#onCall(from, frame))
    cluster.handle('reply', (from, frame) => this.#take(from, frame[1], frame[3])?.replyTo.reply(frame[2]))
    cluster.handle('fail', (from, frame) => this.#take(from, frame[1], frame[2])?.replyTo.fail(exitReason(frame[3])))
    cluster.handle('moved', (from, frame) => this.#onMoved(from, frame))
    cluster.handle('exit', (from, frame) => this.#onExit(this.#pid(frame[1]), senderOf(from, frame[2]), exitReason(frame[3])))
    cluster.handle('monitor', (from, frame) =>
      this.#onMonitor(from, whole(frame[1], 'reference'), this.#target(frame[2]), pidOf(from, frame[3])),
    )
    cluster.handle('demonitor', (from, frame) => this.#onDemonitor(from, whole(frame[1], 'reference')))
    cluster.handle('down', (from, frame) => this.#onDown(from, whole(frame[1], 'reference'), exitReason(frame[2])))
    cluster.onLink((peer, isUp) => {
      if (!isUp) this.#onLinkLost(peer)
    })
    cluster.onTick(() => this.#forgetSettled())
  }

  // ---- out

  deliver(to: Target, envelope: Envelope): void {
    const link = this.#cluster.linkTo(to.node)
    if (link === undefined || link.isOverloaded) {
      if (link !== undefined) link.counts.sendErrors++
      this.#runtime.deadLetter(to, envelope, link === undefined ? 'noconnection' : 'overloaded')
      return
    }
    const address = addressOf(to)
    const { kind, name, payload, carrier, replyTo } = envelope
    if (replyTo === undefined) {
      link.send(['send', address, kind, name, payload, carrier])
      return
    }
    const id = ++this.#lastCall
    try {
      if (replyTo instanceof RemoteReply) {
        this.#passOn(link, replyTo, ['call', replyTo.id, address, name, payload, carrier, replyTo.node, replyTo.asked])
      } else {
        link.send(carrier === undefined ? ['call', id, address, name, payload] : ['call', id, address, name, payload, carrier])
        this.#calls.set(id, { asked: to.node, node: to.node, replyTo })
      }
    } catch (error) {
      // The payload is no plain data, or too large: the caller's mistake, and its answer.
      replyTo.fail(new Crash(error))
    }
  }

  /** A call of another node, whose callee has moved on: it is answered straight from there, and this node's end is not its end. */
  #passOn(link: Link, { node, id, asked }: RemoteReply, frame: Frame): void {
    link.send(frame)
    if (link.peer !== node) this.#cluster.send(node, ['moved', id, link.peer, asked])
  }

  exit(from: Pid, to: Pid, reason: ExitReason): void {
    // One that followed an alias is another node's.
    sendReason(this.#cluster, to.node, ['exit', to.serial, from.node === this.#runtime.id ? from.serial : from], reason)
  }

  monitor(ref: number, to: Target, watcher: Watcher): void {
    if (this.#cluster.send(to.node, ['monitor', ref, addressOf(to), watcher.pid?.serial ?? 0])) this.#monitors.set(ref, { to, watcher })
    else watcher.down(ref, to, 'noconnection')
  }

  demonitor(ref: number, to: Target): void {
    if (this.#monitors.delete(ref)) this.#cluster.send(to.node, ['demonitor', ref])
  }

  link(process: Ties, to: Pid): void {
    this.#links.link(process, to)
  }

  unlink(process: Ties, to: Pid): void {
    this.#links.unlink(process, to)
  }

  // ---- in

  #onExit(to: Pid, from: Pid, reason: ExitReason): void {
    this.#runtime.exit(from, to, reason)
  }

  #pid(serial: unknown): Pid {
    return pidOf(this.#runtime.id, serial)
  }

  #target(value: unknown): Target {
    if (typeof value === 'string') return new NodeRef(this.#runtime.id, value)
    return this.#pid(value)
  }

  #onSend(frame: Frame): void {
    const kind = text(frame[2], 'kind')
    if (kind !== 'cast' && kind !== 'info') throw new BadFrame(`expected cast or info, got ${JSON.stringify(kind)}`)
    // `EXIT` and `DOWN` are made by the node they arrive at: a peer cannot forge them.
    const name = text(frame[3], 'name')
    if (kind === 'info' && (name === 'EXIT' || name === 'DOWN')) throw new BadFrame(`${name} cannot be sent`)
    this.#arrive(frame[1], kind, name, frame[4], undefined, frame[5])
  }

  #onCall(from: NodeId, frame: Frame): void {
    this.#arrive(frame[2], 'call', text(frame[3], 'name'), frame[4], this.#replyTo(from, frame), frame[5])
  }

  #replyTo(from: NodeId, frame: Frame): ReplyTo {
    const id = whole(frame[1], 'call id')
    if (isAbsent(frame[6])) return new RemoteReply(this.#cluster, from, id, this.#runtime.id)
    const [caller, asked] = [text(frame[6], 'node'), text(frame[7], 'node')]
    if (caller !== this.#runtime.id) return new RemoteReply(this.#cluster, caller, id, asked)
    // It has come back to where it was made.
    return this.#take(from, id, asked)?.replyTo ?? new RemoteReply(this.#cluster, caller, id, asked)
  }

  #onMoved(from: NodeId, frame: Frame): void {
    const call = this.#calls.get(whole(frame[1], 'call id'))
    const [to, asked] = [text(frame[2], 'node'), frame[3]]
    if (call === undefined || call.asked !== (isAbsent(asked) ? from : asked)) return
    call.node = to
    if (this.#cluster.isLinked(to) || to === this.#runtime.id) return
    this.#calls.delete(frame[1] as number)
    call.replyTo.fail('noconnection')
  }

  #arrive(to: unknown, kind: MessageKind, name: string, payload: unknown, replyTo: ReplyTo | undefined, carrier: unknown): void {
    this.#runtime.arrive(this.#target(to), kind, name, payload, replyTo, typeof carrier === 'string' ? carrier : undefined)
  }

  /** Each call once, and only by the node that was asked, or on its behalf. */
  #take(from: NodeId, callId: unknown, asked: unknown): RemoteCall | undefined {
    const id = whole(callId, 'call id')
    const call = this.#calls.get(id)
    if (call?.asked !== (isAbsent(asked) ? from : asked)) return undefined
    this.#calls.delete(id)
    return call
  }

  #onMonitor(from: NodeId, theirRef: number, target: Target, by: Pid): void {
    const followed = this.#runtime.aliases.follow(target)
    const pid = this.#runtime.lookup(target)?.pid ?? (followed instanceof Pid && followed !== target ? followed : undefined)
    if (pid === undefined) {
      this.#cluster.send(from, ['down', theirRef, 'noproc'])
      return
    }
    const ref = this.#runtime.monitor(pid, {
      pid: by.serial === 0 ? undefined : by,
      down: (_ref, _pid, reason) => {
        this.#watched.get(from)?.delete(theirRef)
        sendReason(this.#cluster, from, ['down', theirRef], reason)
      },
    })
    const ofPeer = this.#watched.get(from) ?? new Map()
    this.#watched.set(from, ofPeer.set(theirRef, { ref, pid }))
  }

  #onDemonitor(from: NodeId, theirRef: number): void {
    const watched = this.#watched.get(from)?.get(theirRef)
    if (watched === undefined) return
    this.#watched.get(from)?.delete(theirRef)
    this.#runtime.demonitor(watched.ref, watched.pid)
  }

  #onDown(from: NodeId, ref: number, reason: ExitReason): void {
    const monitor = this.#monitors.get(ref)
    if (monitor?.to.node !== from) return
    this.#monitors.delete(ref)
    monitor.watcher.down(ref, monitor.to, reason)
  }

  #onLinkLost(peer: NodeId): void {
    for (const [id, call] of this.#calls) {
      if (call.node !== peer) continue
      this.#calls.delete(id)
      call.replyTo.fail('noconnection')
    }
    for (const ref of this.#monitors.keys()) {
      this.#onDown(peer, ref, 'noconnection')
    }
    this.#links.lost(peer)
    for (const { ref, pid } of this.#watched.get(peer)?.values() ?? []) this.#runtime.demonitor(ref, pid)
    this.#watched.delete(peer)
  }

  /** Calls whose callers gave up: their answers may never come. */
  #forgetSettled(): void {
    for (const [id, call] of this.#calls) if (call.replyTo.isSettled) this.#calls.delete(id)
  }
}

/** The caller of a call that came from another node. */
class RemoteReply implements ReplyTo {
  readonly #cluster: Cluster
  readonly node: NodeId
  readonly id: number
  /** The node that was asked. */
  readonly asked: NodeId
  isSettled = false

  constructor(cluster: Cluster, node: NodeId, id: number, asked: NodeId) {
    this.#cluster = cluster
    this.node = node
    this.id = id
    this.asked = asked
  }

  /** `null` where this node says it for itself, as a rule. */
  get #onBehalfOf(): NodeId | null {
    return this.asked === this.#cluster.id ? null : this.asked
  }

  reply(value: unknown): void {
    if (this.isSettled) return
    const link = this.#cluster.linkTo(this.node)
    // The caller learns that much: a few bytes, whatever the answer is.
    if (link?.isOverloaded === true) {
      link.counts.sendErrors++
      this.fail('overloaded')
      return
    }
    try {
      link?.send(this.#onBehalfOf === null ? ['reply', this.id, value] : ['reply', this.id, value, this.#onBehalfOf])
      this.isSettled = true
    } catch (error) {
      this.fail(new Crash(error))
    }
  }

  fail(reason: ExitReason): void {
    if (this.isSettled) return
    this.isSettled = true
    sendReason(this.#cluster, this.node, ['fail', this.id, this.#onBehalfOf], reason)
  }
}

function pidOf(node: NodeId, serial: unknown): Pid {
  return new Pid(node, whole(serial, 'serial'))
}

function senderOf(peer: NodeId, value: unknown): Pid {
  return value instanceof Pid ? value : pidOf(peer, value)
}

const isAbsent = (value: unknown) => value === null || value === undefined
