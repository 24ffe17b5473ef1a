// process_info: what can be known of a process from outside, without asking it.
import { describe, expect, test } from 'vitest'
import { processDetails, processInfo } from '#introspect'
import { Pid } from '#process'
import { body, gate, Lab } from '#test/process/support/lab.ts'

describe('the info of a process', () => {
  test('names its links, its monitors, who monitors it, and whether it traps exits', () => {
    const lab = new Lab()
    const spawn = () => lab.spawn(body())
    const [process, linked, watched, watcher] = [spawn(), spawn(), spawn(), spawn()]
    process.linkTo(linked.pid)
    process.monitor(watched.pid)
    watcher.monitor(process.pid)
    process.trapExit = true
    expect(processDetails(lab.runtime, process.pid)).toMatchObject({
      links: 1,
      linkedWith: ['n1.a.2'],
      monitors: 1,
      monitoring: ['n1.a.3'],
      monitoredBy: 1,
      monitoredByPids: ['n1.a.4'],
      trapExit: true,
    })
  })

  test('names its parent, its name, its label, and what it is', () => {
    const lab = new Lab()
    const parent = lab.spawn(body())
    const process = lab.spawn(body(), { parent, name: 'clerk', child: 'lot-1', supervisor: 'node/lots' })
    process.label = 'Moon rock'
    expect(processDetails(lab.runtime, process.pid)).toMatchObject({
      pid: 'n1.a.2',
      behaviour: 'body',
      parent: 'n1.a.1',
      name: 'clerk',
      label: 'Moon rock',
      child: 'lot-1',
      supervisor: 'node/lots',
      status: 'idle',
    })
  })

  test('counts the messages that wait, names the next, and shows nothing of what they hold', async () => {
    const lab = new Lab()
    const open = gate()
    const process = lab.spawn(body(() => open.promise))
    process.cast(process.pid, 'work')
    await lab.clock.advance(250)
    process.info('tick', { secret: 'hunter2' })
    await lab.clock.advance(250)
    const details = processDetails(lab.runtime, process.pid)
    expect(details).toMatchObject({
      status: 'waiting',
      handling: 'cast work',
      handlingMs: 500,
      mailbox: 1,
      messages: ['info tick'],
      flight: [{ kind: 'cast', name: 'work', ageMs: 500 }],
    })
    expect(JSON.stringify(details)).not.toContain('hunter2')
    open.resolve()
    await lab.settle()
    expect(processInfo(process)).toMatchObject({ handling: null, handlingMs: 0, mailbox: 0, handled: 2 })
  })

  test('is undefined for a process that has ended', () => {
    const lab = new Lab()
    const process = lab.spawn(body())
    process.die('shutdown')
    expect(processDetails(lab.runtime, process.pid)).toBeUndefined()
  })

  test('of a process of another node is refused', () => {
    const { runtime } = new Lab()
    expect(() => processDetails(runtime, new Pid('n2.b', 1))).toThrow(expect.objectContaining({ code: 'ERR_OTP_PROCESS_NOT_LOCAL' }))
  })

  test('of a process with very many links names a hundred of them', () => {
    const lab = new Lab()
    const hub = lab.spawn(body())
    for (let i = 0; i < 500; i++) lab.spawn(body()).link(hub)
    const details = processDetails(lab.runtime, hub.pid)
    expect([details?.links, details?.linkedWith.length]).toEqual([500, 100])
  })
})
