// Resources against the schemas of Kubernetes, of the Prometheus operator and of cert-manager, strictly: a field that no schema knows is an error.
import { Certificate, Issuer } from '@kubernetes-models/cert-manager/cert-manager.io/v1'
import { PodMonitor, PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'
import { Deployment, StatefulSet } from 'kubernetes-models/apps/v1'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { Role, RoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1'
import { ConfigMap, Namespace, Service, ServiceAccount } from 'kubernetes-models/v1'
import type { Resource } from './render.ts'

/** Its `validate` looks at whatever it is called on. */
interface Schema {
  readonly apiVersion: string
  readonly kind: string
  readonly prototype: { validate(): void }
}

const SCHEMAS: readonly Schema[] = [
  ...[Namespace, ServiceAccount, ConfigMap, Service],
  ...[StatefulSet, Deployment, PodDisruptionBudget, HorizontalPodAutoscaler, NetworkPolicy],
  ...[Role, RoleBinding],
  ...[PodMonitor, PrometheusRule],
  ...[Certificate, Issuer],
]

/** What a schema looked at in one object. */
interface Looked {
  readonly object: object
  readonly path: string
  readonly read: Set<PropertyKey>
  /** All fields were listed: a map, whose keys are free. */
  isListed: boolean
}

/** What is wrong with a resource; empty if nothing is. */
export function schemaProblems(resource: Resource): string[] {
  const { apiVersion, kind, metadata } = resource
  const name = `${kind} ${metadata.name}`
  const schema = SCHEMAS.find((each) => each.apiVersion === apiVersion && each.kind === kind)
  if (schema === undefined) return [`${name}: no schema is known for ${apiVersion} ${kind}`]
  const looks: Looked[] = []
  const problems: string[] = []
  try {
    schema.prototype.validate.call(watched(resource, '', looks))
  } catch (error) {
    problems.push((error as Error).message)
  }
  return [...problems, ...unknownFields(looks)].map((problem) => `${name}: ${problem}`)
}

/**
 * The validators are compiled from the published schemas, which let unknown fields pass, as the API server does unless it is asked to be
 * strict. But a validator asks for every field that its schema has: what it has not asked for, it does not know.
 */
function watched(value: unknown, path: string, looks: Looked[]): unknown {
  if (typeof value !== 'object' || value === null) return value
  const looked: Looked = { object: value, path, read: new Set(), isListed: false }
  const inside = new Map<PropertyKey, unknown>()
  looks.push(looked)
  return new Proxy(value, {
    get: (target, key) => {
      looked.read.add(key)
      if (!inside.has(key)) inside.set(key, watched(Reflect.get(target, key), `${path}/${String(key)}`, looks))
      return inside.get(key)
    },
    ownKeys: (target) => {
      looked.isListed = true
      return Reflect.ownKeys(target)
    },
  })
}

function unknownFields(looks: readonly Looked[]): string[] {
  const closed = looks.filter(({ object, isListed }) => !Array.isArray(object) && !isListed)
  return closed.flatMap(({ object, path, read }) =>
    Object.keys(object)
      .filter((field) => !read.has(field))
      .map((field) => `there is no field ${path}/${field}`),
  )
}
