// A store of states over a model of the engine, on the clock of a test.
import { keyValueStateStore } from '#distributed'
import type { StateStoreFactory } from '#otp-labs'
import type { FakeClock } from './fake-clock.ts'
import { ModelBlobs } from './model-blobs.ts'
import { ModelEngine } from './model-key-value.ts'

export function modelStateStore(clock: FakeClock): Promise<StateStoreFactory> {
  return clock.through(keyValueStateStore(new ModelEngine({ clock }).client('all'), new ModelBlobs({ clock }), { name: 'model', clock }))
}
