// The protocol of supervisors: what the compiler takes and refuses of calls to them. `tsc` reads this file; the test only says that it is there.
import { expectTypeOf, test } from 'vitest'
import {
  type ChildCounts,
  type ChildInfo,
  type DeleteChildResult,
  dynamicSupervisor,
  type GetChildSpecResult,
  genServer,
  type Node,
  NodeRef,
  type Pid,
  type RestartChildResult,
  type StartChildResult,
  supervisor,
  type TerminateChildResult,
} from '#otp-labs'

const Lot = genServer({ name: 'lot', init: (title: string) => title })
const Lots = dynamicSupervisor({ name: 'lots' })
const Root = supervisor({ name: 'root', strategy: 'rest_for_one', children: [{ id: 'lots', start: [Lots] }] })
const Pool = supervisor({
  name: 'pool',
  children: (size: number) => Array.from({ length: size }, (_, i) => ({ id: `${i}`, start: [Lot, 'x'] })),
})

function calls(node: Node, root: Pid<typeof Root>): void {
  const spec = { id: 'a', start: [Lot, 'Moon rock'] } as const
  expectTypeOf(node.call(root, 'startChild', spec)).toEqualTypeOf<Promise<StartChildResult>>()
  expectTypeOf(node.call(root, 'terminateChild', 'a')).toEqualTypeOf<Promise<TerminateChildResult>>()
  expectTypeOf(node.call(root, 'terminateChild', { id: 'a', reason: 'normal' })).toEqualTypeOf<Promise<TerminateChildResult>>()
  expectTypeOf(node.call(root, 'restartChild', 'a')).toEqualTypeOf<Promise<RestartChildResult>>()
  expectTypeOf(node.call(root, 'deleteChild', 'a')).toEqualTypeOf<Promise<DeleteChildResult>>()
  expectTypeOf(node.call(root, 'getChildSpec', 'a')).toEqualTypeOf<Promise<GetChildSpecResult>>()
  expectTypeOf(node.call(root, 'whichChildren')).toEqualTypeOf<Promise<readonly ChildInfo[]>>()
  expectTypeOf(node.call(root, 'countChildren')).toEqualTypeOf<Promise<ChildCounts>>()
  void node.call(root, 'startChild', { id: 'pool', start: [Pool, 3], restart: 'transient', significant: true }, { timeoutMs: 100 })
  void node.call(Lots.named('lots'), 'terminateChild', root)
  void node.call(new NodeRef<typeof Lots>('n1.a', 'lots'), 'startChild', { spec, cause: 'boot' })

  // @ts-expect-error there is no such call
  void node.call(root, 'stopChild', 'a')
  // @ts-expect-error the specification is missing
  void node.call(root, 'startChild')
  // @ts-expect-error an id is no specification
  void node.call(root, 'startChild', 'a')
  // @ts-expect-error there is no such restart type
  void node.call(root, 'startChild', { ...spec, restart: 'always' })
  // @ts-expect-error a supervisor takes no casts
  node.cast(root, 'startChild', spec)
}

function definitions(): void {
  // @ts-expect-error a dynamic supervisor is made by dynamicSupervisor
  supervisor({ name: 'root', strategy: 'simple_one_for_one', children: [] })
  // @ts-expect-error there is no such setting
  supervisor({ name: 'root', autoShutdown: 'always', children: [] })
  // @ts-expect-error a back-off has a longest wait
  supervisor({ name: 'root', backoff: { minMs: 10 }, children: [] })
}

test('calls to supervisors are typed by their protocol', () => {
  expectTypeOf(calls).toBeFunction()
  expectTypeOf(definitions).toBeFunction()
})
