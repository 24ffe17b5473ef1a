// A transport's listener that keeps what it was told, and lets a test wait for it.
import type { NodeId } from '#process'
import type { Frame, Link, TransportListener } from '#src/cluster/transport/transport.ts'
import { Recorder } from './recorder.ts'

export class TransportRecorder extends Recorder implements TransportListener {
  readonly links: Link[] = []
  readonly live = new Map<NodeId, Link>()
  readonly frames: Frame[] = []
  /** Everything in order: `up b.1`, `frame b.1 kind`, `closed b.1 reason`, `handshake refused reason`, `frame refused b.1`. */
  readonly told: string[] = []
  readonly details: string[] = []
  /** Whether the node says that it has enough to do. */
  isBusy = false
  /** What the test wants done with a frame. */
  onFrame: (link: Link, frame: Frame) => void = () => {}
  /** What the test wants done when a link has closed. */
  onClosed: (link: Link) => void = () => {}

  up(link: Link, durationMs: number): void {
    this.links.push(link)
    if (this.live.has(link.peer)) this.told.push(`second link to ${link.peer}`)
    if (!(durationMs >= 0)) this.told.push(`a link after ${durationMs} ms`)
    this.live.set(link.peer, link)
    this.#tell(`up ${link.peer}`)
  }

  frame(link: Link, frame: Frame): void {
    if (this.live.get(link.peer) !== link) this.told.push(`frame on a link that is not up: ${frame[0]}`)
    this.frames.push(frame)
    this.onFrame(link, frame)
    this.#tell(`frame ${link.peer} ${frame[0]}`)
  }

  closed(link: Link, reason: string): void {
    if (this.live.get(link.peer) !== link) this.told.push(`closed a link that is not up: ${link.peer}`)
    else this.live.delete(link.peer)
    this.#tell(`closed ${link.peer} ${reason}`)
    this.onClosed(link)
  }

  handshakeRefused(reason: string, _remote: string, detail: string): void {
    this.details.push(detail)
    this.#tell(`handshake refused ${reason}`)
  }

  frameRefused(peer: NodeId, reason: string): void {
    this.details.push(reason)
    this.#tell(`frame refused ${peer}`)
  }

  certificatesRefused(error: string): void {
    this.details.push(error)
    this.#tell('certificates refused')
  }

  secretsRefused(error: string): void {
    this.details.push(error)
    this.#tell('secrets refused')
  }

  isBehind(): boolean {
    return this.isBusy
  }

  /** Resolves when this was told, in these words. */
  heard(words: string): Promise<void> {
    return this.until(({ told }) => told.includes(words))
  }

  #tell(words: string): void {
    this.told.push(words)
    this.wake()
  }
}
