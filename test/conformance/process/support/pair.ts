// Two nodes that have found each other, on one clock and one network, and processes on either.
import type { Node } from '#node'
import { type Body, Pid, type Process, type SpawnOptions } from '#process'
import { Box, type BoxOptions } from '#test/support/box.ts'

export class Pair {
  readonly box: Box

  private constructor(box: Box) {
    this.box = box
  }

  static async formed(options: Partial<BoxOptions> = {}): Promise<Pair> {
    return new Pair(await Box.formed({ names: ['n1', 'n2'], note: ['process.dead_letter', 'process.exited'], ...options }))
  }

  get here(): Node {
    return this.box.node('n1')
  }

  get there(): Node {
    return this.box.node('n2')
  }

  spawn(on: Node, body: Body, options: Partial<SpawnOptions> = {}): Process {
    const result = on.runtime.spawn(body, undefined, { cause: 'boot', ...options })
    if (result instanceof Promise || !result.ok) throw new Error('the process did not start at once')
    return on.runtime.lookup(result.pid) as Process
  }

  /** Lets everything arrive that is on its way, and what it sets off. */
  async arrive(): Promise<void> {
    await this.box.clock.advance(200)
  }

  async stop(): Promise<void> {
    for (const running of this.box.live()) await this.box.stop(running.name)
  }
}

/** The pid as it is after a trip over the wire: it knows no process. */
export const far = ({ pid }: Process): Pid => new Pid(pid.node, pid.serial)
