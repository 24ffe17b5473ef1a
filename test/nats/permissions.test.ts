// What the documents tell an operator to permit is what the manifests permit.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { permissionsOf } from '#k8s/nats-server.ts'

test('the permissions of the documents are those of the manifests', () => {
  const block = /```nats\n([\s\S]*?)```/.exec(readFileSync('docs/how-to/nats.md', 'utf8'))?.[1] ?? ''
  const documented = [...block.matchAll(/"([^"]+)"/g)].map(([, subject]) => subject)
  const { publish, subscribe } = permissionsOf('shop')
  expect(documented.toSorted()).toEqual([...publish, ...subscribe].toSorted())
})
