// A process's ties: its links, its monitors in both directions, and the signals that come along them.
import type { Member } from '#base'
import { Bonds } from './bonds.ts'
import type { DownMessage, Envelope, ExitMessage } from './envelope.ts'
import type { ExitReason } from './exit-reason.ts'
import type { Linked } from './links.ts'
import { NodeRef, type Target } from './name.ts'
import { Pid } from './pid.ts'
import type { Watcher } from './router.ts'
import type { Runtime } from './runtime.ts'

/** The half of a process that other processes' ends reach. */
export abstract class Ties implements Watcher, Linked, Member<Ties> {
  abstract readonly pid: Pid
  abstract readonly runtime: Runtime
  abstract readonly isAlive: boolean
  /** Exit signals become the info `EXIT`, all but `kill`. */
  trapExit = false
  /** Whoever started it, as long as they are linked. */
  #starter: Ties | undefined
  /** Its neighbours among those that its starter has started. */
  earlier: Ties | undefined
  later: Ties | undefined
  #bonds: Bonds | undefined

  abstract info(name: string, payload: unknown): void
  abstract takeFirst(is: (envelope: Envelope) => boolean): Envelope | undefined
  abstract die(reason: ExitReason): void

  // ---- links

  get linkCount(): number {
    return (this.#starter === undefined ? 0 : 1) + (this.#bonds?.linkCount ?? 0)
  }

  /** Links both ways: whichever ends first takes the other along, unless that one traps exits. To a process that is gone: as if it had ended with `noproc` just now. */
  link(other: Ties): void {
    if (other === this || !this.isAlive) return
    if (!other.isAlive) {
      this.onLinkedExit(other.pid, 'noproc')
      return
    }
    this.addLink(other)
    other.addLink(this)
  }

  /** Links a process that starts with its starter, as `link`. */
  linkToStarter(starter: Ties): void {
    if (!starter.isAlive) {
      this.onLinkedExit(starter.pid, 'noproc')
      return
    }
    this.#starter = starter
    starter.#tied().addStarted(this)
  }

  #leaveStarter(): void {
    const starter = this.#starter
    if (starter === undefined) return
    this.#starter = undefined
    starter.#bonds?.forgetStarted(this)
  }

  #tied(): Bonds {
    this.#bonds ??= new Bonds()
    return this.#bonds
  }

  unlink(other: Linked): void {
    this.forgetLink(other)
    other.forgetLink(this)
  }

  /** As `link`, to wherever the process lives. A second link between the same two means nothing. */
  linkTo(pid: Pid): void {
    if (!this.isAlive || pid.equals(this.pid)) return
    const process = this.runtime.lookup(pid)
    if (process !== undefined) this.link(process)
    else if (pid.node === this.pid.node) this.onLinkedExit(pid, 'noproc')
    else this.runtime.router.link(this, pid)
  }

  /** After it returns no exit signal comes from there, unless the link is made again. With `flush`, an `EXIT` that waits already is taken back. */
  unlinkFrom(pid: Pid, options: { flush?: boolean } = {}): void {
    const process = this.runtime.lookup(pid)
    if (process !== undefined) this.unlink(process)
    else if (pid.node !== this.pid.node) this.runtime.router.unlink(this, pid)
    if (options.flush === true) this.takeFirst((waiting) => isSignal(waiting, 'EXIT') && (waiting.payload as ExitMessage).from.equals(pid))
  }

  addLink(other: Linked): void {
    if (this.#starter !== other && !this.#hasStarted(other)) this.#tied().addLink(other)
  }

  forgetLink(other: Linked): void {
    if (this.#starter === other) this.#leaveStarter()
    else if (this.#hasStarted(other)) other.#leaveStarter()
    else this.#bonds?.forgetLink(other)
  }

  /** And is linked with it since. */
  #hasStarted(other: Linked): other is Ties {
    return other instanceof Ties && other.#starter === this
  }

  #allLinks(): readonly Linked[] {
    const others = this.#bonds?.allLinks() ?? []
    return this.#starter === undefined ? others : [this.#starter, ...others]
  }

  // ---- monitors

  /**
   * Starts a monitor of a process, or of whichever has a name of this node or of another right now; the info `DOWN` comes once, at once
   * with `noproc` if there is no such process.
   */
  monitor(target: Target | string): number {
    const ref = this.runtime.newRef()
    if (!this.isAlive) return ref
    const asked = typeof target === 'string' ? new NodeRef(this.runtime.id, target) : target
    const name = asked instanceof NodeRef ? asked : undefined
    // A name may change hands: what is monitored is the process.
    const to = this.runtime.lookup(asked)?.pid ?? asked
    const bonds = this.#tied()
    bonds.watching ??= new Map()
    bonds.watching.set(ref, { to, name })
    // Last: a target that is dead already, or out of reach, answers at once.
    return this.runtime.monitor(to, this, ref)
  }

  /**
   * Ends a monitor. Whether it was there, as OTP's `info`: if not, its `DOWN` has come or waits. With `flush` one that waits is taken
   * back, so that none comes after this returns.
   */
  demonitor(ref: number, options: { flush?: boolean } = {}): boolean {
    const watched = this.#bonds?.watching?.get(ref)
    if (watched !== undefined) {
      this.#bonds?.watching?.delete(ref)
      this.runtime.demonitor(ref, watched.to)
      return true
    }
    if (options.flush === true) this.takeFirst((waiting) => isSignal(waiting, 'DOWN') && (waiting.payload as DownMessage).ref === ref)
    return false
  }

  down(ref: number, target: Target, reason: ExitReason): void {
    const watched = this.#bonds?.watching?.get(ref)
    if (watched === undefined) return
    this.#bonds?.watching?.delete(ref)
    const { name } = watched
    const pid = name === undefined && target instanceof Pid ? target : undefined
    this.info('DOWN', { ref, pid, name, reason } satisfies DownMessage)
  }

  watch(ref: number, watcher: Watcher): void {
    const bonds = this.#tied()
    bonds.watchers ??= new Map()
    bonds.watchers.set(ref, watcher)
  }

  unwatch(ref: number): void {
    this.#bonds?.watchers?.delete(ref)
  }

  // ---- exit signals

  /** Sends an exit signal, as OTP's `exit/2`. To oneself, `normal` is no exception: the process ends. */
  exit(to: Pid, reason: ExitReason): void {
    if (this.isAlive) this.runtime.exit(this.pid, to, reason)
  }

  /** An exit signal arrives. `kill` cannot be trapped; `normal` from another is ignored by who does not trap. */
  signal(from: Pid, reason: ExitReason): void {
    if (reason === 'kill') this.die('killed')
    else this.onLinkedExit(from, reason)
  }

  /** A linked process has ended. Here `kill` is a reason like any other, as in OTP: only as a signal it cannot be trapped. */
  onLinkedExit(from: Pid, reason: ExitReason): void {
    if (!this.isAlive) return
    if (this.trapExit) this.info('EXIT', { from, reason } satisfies ExitMessage)
    else if (reason !== 'normal' || from.equals(this.pid)) this.die(reason)
  }

  /** Every link and monitor hears of the end. */
  protected breakTies(reason: ExitReason): void {
    const bonds = this.#bonds
    for (const [ref, { to }] of bonds?.watching ?? []) this.runtime.demonitor(ref, to)
    for (const other of this.#allLinks()) {
      other.forgetLink(this)
      this.runtime.signalLater(other, this.pid, reason)
    }
    this.#bonds = undefined
    for (const [ref, watcher] of bonds?.watchers ?? []) watcher.down(ref, this.pid, reason)
  }

  // ---- for who looks

  get monitorCount(): number {
    return this.#bonds?.watching?.size ?? 0
  }

  get monitoredByCount(): number {
    return this.#bonds?.watchers?.size ?? 0
  }

  linkedPids(): Pid[] {
    return this.#allLinks().map(({ pid }) => pid)
  }

  /** Whom it monitors, each as often as it does. */
  monitored(): Target[] {
    return Array.from(this.#bonds?.watching?.values() ?? [], ({ to }) => to)
  }

  /** Which processes monitor it, each as often as it does; parts of the node that are none are left out. */
  monitoringPids(): Pid[] {
    const pids: Pid[] = []
    for (const { pid } of this.#bonds?.watchers?.values() ?? []) if (pid !== undefined) pids.push(pid)
    return pids
  }
}

function isSignal({ kind, name }: Envelope, which: 'EXIT' | 'DOWN'): boolean {
  return kind === 'info' && name === which
}
