// A node in an OS process of its own, with one process that counts: started by what measures, ends with it.
import { once } from 'node:events'
import { createNode } from '#otp-labs'
import { type NodeAsked, nodeOptions } from './cluster.ts'
import { Counter } from './counter.ts'

process.on('disconnect', () => process.exit(0))
const [asked] = (await once(process, 'message')) as [NodeAsked]
const node = await createNode({ ...nodeOptions(asked), children: [{ id: 'counter', start: [Counter, 0], name: 'counter' }] })
process.send?.({ address: node.cluster.address, id: node.id })
