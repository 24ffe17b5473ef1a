// The hands of a schedule: how each fault begins, and how it is taken back.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Undo } from '#test/system/support/network.ts'
import type { Arena } from './arena.ts'
import type { OwnerProcess } from './owner-process.ts'
import { NAMES, NODES, type NodeName, type ServerFault, type ServerName, type Step, stepLine } from './schedule.ts'
import type { Questions } from './settings.ts'

/** Plays a step: begins it at its time, and takes it back at its time. */
export async function playStep(arena: Arena, step: Step): Promise<void> {
  await sleep(step.atMs)
  arena.note(`begins: ${stepLine(step)}`)
  const undo = await begin(arena, step)
  if (undo === undefined) return
  await sleep(step.forMs)
  arena.note(`is over: ${stepLine(step)}`)
  undo()
}

/** Answers how it is taken back; undefined: there is nothing to take back, or the node is not there. */
async function begin(arena: Arena, step: Step): Promise<Undo | undefined> {
  if ('servers' in step) return beginAtServers(arena, step)
  const node = arena.node(step.node)
  if (!node.isRunning) return undefined
  const { network } = arena
  const others = NODES.filter((each) => each !== step.node)
  switch (step.kind) {
    case 'kill':
      node.kill()
      return () => startAgain(arena, step.node)
    case 'restart':
      await arena.stopNode(step.node)
      startAgain(arena, step.node)
      return undefined
    case 'pause':
      if (node.isPaused) return undefined
      node.pause()
      return () => {
        if (node.isPaused && node.isRunning) node.resume()
      }
    case 'off_engine':
      return cut(arena, step.node, arena.engine?.names ?? [])
    case 'off_peers':
      return cut(arena, step.node, others)
    case 'alone':
      return arena.undoable(network.isolate(step.node))
    case 'apart':
      return arena.undoable(network.dropBetween(step.node, step.other, { oneWay: step.oneWay }))
    case 'clock':
      arena.clocks.set(step.node, step.offsetMs)
      return undefined
    case 'drain':
      ask(arena, node, 'drain', undefined)
      return () => ask(arena, node, 'undrain', undefined)
    case 'freeze':
      ask(arena, node, 'freeze', { forMs: step.forMs })
      return undefined
    case 'start':
      ask(arena, node, 'start', { names: NAMES })
      return undefined
    case 'move':
      ask(arena, node, 'move', { name: step.name, to: step.to })
      return undefined
    case 'crash':
    case 'rebirth':
      ask(arena, node, step.kind, { name: step.name })
      return undefined
  }
}

function beginAtServers(arena: Arena, { kind, servers }: ServerFault): Undo | undefined {
  const { engine } = arena
  if (engine === undefined) return undefined
  const names = servers.map((server) => engine.which(server))
  arena.note(`${kind}: ${names.join(' and ')}`)
  if (kind === 'server_apart')
    return both(
      names.map((name) =>
        cut(
          arena,
          name,
          engine.names.filter((each) => each !== name),
        ),
      ),
    )
  for (const name of names) engine[kind === 'server_kill' ? 'kill' : 'pause'](name)
  return both(names.map((name) => () => engine.bringBack(name)))
}

function cut(arena: Arena, one: NodeName | ServerName, others: readonly (NodeName | ServerName)[]): Undo {
  return both(others.map((other) => arena.undoable(arena.network.dropBetween(one, other))))
}

function both(undo: readonly Undo[]): Undo {
  return () => {
    for (const each of undo) each()
  }
}

/** Unless somebody else has done so. */
function startAgain(arena: Arena, name: NodeName): void {
  if (!arena.node(name).isRunning) arena.startNode(name)
}

/** Without waiting: it may stand still, or be on its way out, and what becomes of it is part of the story. */
function ask<K extends keyof Questions & string>(arena: Arena, node: OwnerProcess, what: K, question: Questions[K]['question']): void {
  node.ask(what, question).then(
    (answer) => arena.note(`${node.id} answers ${what}: ${JSON.stringify(answer)}`),
    (error: Error) => arena.note(`${node.id} does not answer ${what}: ${error.message}`),
  )
}
