// Spans as text: what stands under what.

import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { expect, test } from 'vitest'
import { traceAsTree } from '#demo/story.ts'
import { memoryTracers } from '#test/observability/support/spans.ts'

test('a span whose parent is not there stands at the top, and siblings follow each other', () => {
  const { message, spans } = memoryTracers()
  const away = trace.setSpanContext(ROOT_CONTEXT, { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 })
  const root = message.startSpan('root', { startTime: [1, 0] }, away)
  const under = trace.setSpan(ROOT_CONTEXT, root)
  message.startSpan('second', { startTime: [3, 0] }, under).end([4, 0])
  const first = message.startSpan('first', { startTime: [2, 0] }, under)
  message.startSpan('deep', { startTime: [2, 1] }, trace.setSpan(ROOT_CONTEXT, first)).end([2, 2])
  first.end([3, 0])
  root.end([5, 0])
  message.startSpan('another trace').end()
  const tree = traceAsTree(spans(), 'a'.repeat(32)).map((line) => line.split('  INTERNAL')[0])
  expect(tree).toEqual([`trace ${'a'.repeat(32)}`, '└─ root', '   ├─ first', '   │  └─ deep', '   └─ second'])
})
