// A process's ties: its links, its monitors in both directions, and the signals that come along them.
import type { DownMessage, Envelope, ExitMessage } from './envelope.ts'
import type { ExitReason } from './exit-reason.ts'
import { allLinks, type Linked, type Links, linkCount, withLink, withoutLink } from './links.ts'
import type { Pid } from './pid.ts'
import type { Watcher } from './router.ts'
import type { Runtime } from './runtime.ts'

/** The half of a process that other processes' ends reach. */
export abstract class Ties implements Watcher, Linked {
  abstract readonly pid: Pid
  abstract readonly runtime: Runtime
  abstract readonly isAlive: boolean
  /** Exit signals become the info `EXIT`, all but `kill`. */
  trapExit = false
  #links: Links
  /** Who watches this one, by reference; and whom this one watches. */
  #watchers: Map<number, Watcher> | undefined
  #watching: Map<number, Pid> | undefined

  abstract info(name: string, payload: unknown): void
  abstract takeFirst(is: (envelope: Envelope) => boolean): Envelope | undefined
  abstract die(reason: ExitReason): void

  // ---- links

  get linkCount(): number {
    return linkCount(this.#links)
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
    this.#links = withLink(this.#links, other)
  }

  forgetLink(other: Linked): void {
    this.#links = withoutLink(this.#links, other)
  }

  // ---- monitors

  /** Starts a monitor; the info `DOWN` comes once, at once with `noproc` if there is no such process. */
  monitor(pid: Pid): number {
    const ref = this.runtime.newRef()
    if (!this.isAlive) return ref
    this.#watching ??= new Map()
    this.#watching.set(ref, pid)
    // Last: a target that is dead already, or out of reach, answers at once.
    return this.runtime.monitor(pid, this, ref)
  }

  /** Ends a monitor. With `flush`, a `DOWN` of it that waits already is taken back, so that none comes after this returns. */
  demonitor(ref: number, options: { flush?: boolean } = {}): void {
    const pid = this.#watching?.get(ref)
    if (pid !== undefined) {
      this.#watching?.delete(ref)
      this.runtime.demonitor(ref, pid)
    } else if (options.flush === true) {
      this.takeFirst((waiting) => isSignal(waiting, 'DOWN') && (waiting.payload as DownMessage).ref === ref)
    }
  }

  down(ref: number, pid: Pid, reason: ExitReason): void {
    if (this.#watching?.delete(ref)) this.info('DOWN', { ref, pid, reason } satisfies DownMessage)
  }

  watch(ref: number, watcher: Watcher): void {
    this.#watchers ??= new Map()
    this.#watchers.set(ref, watcher)
  }

  unwatch(ref: number): void {
    this.#watchers?.delete(ref)
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
    const watching = this.#watching
    this.#watching = undefined
    for (const [ref, pid] of watching ?? []) this.runtime.demonitor(ref, pid)
    const links = this.#links
    this.#links = undefined
    for (const other of allLinks(links)) {
      other.forgetLink(this)
      this.runtime.signalLater(other, this.pid, reason)
    }
    const watchers = this.#watchers
    this.#watchers = undefined
    for (const [ref, watcher] of watchers ?? []) watcher.down(ref, this.pid, reason)
  }

  // ---- for who looks

  get monitorCount(): number {
    return this.#watching?.size ?? 0
  }

  get monitoredByCount(): number {
    return this.#watchers?.size ?? 0
  }

  linkedPids(): Pid[] {
    return allLinks(this.#links).map(({ pid }) => pid)
  }

  /** Whom it monitors, each as often as it does. */
  monitoredPids(): Pid[] {
    return [...(this.#watching?.values() ?? [])]
  }

  /** Which processes monitor it, each as often as it does; parts of the node that are none are left out. */
  monitoringPids(): Pid[] {
    const pids: Pid[] = []
    for (const { pid } of this.#watchers?.values() ?? []) if (pid !== undefined) pids.push(pid)
    return pids
  }
}

function isSignal({ kind, name }: Envelope, which: 'EXIT' | 'DOWN'): boolean {
  return kind === 'info' && name === which
}
