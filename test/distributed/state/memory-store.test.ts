// The store in the memory of other nodes: the contract, and where its copies lie while nodes come and go.
import { memoryStateStore } from '#otp-labs'
import { stateStoreContract } from '#test/contract/state-store.ts'

const waived = { 'outlives all its nodes': 'copies are gone with the last node that had one' }

stateStoreContract('memory', () => ({ factory: memoryStateStore() }), waived)
stateStoreContract('memory, with two copies', () => ({ factory: memoryStateStore({ copies: 2 }) }), waived)
