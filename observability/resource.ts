// Who speaks: the attributes that every span of a node carries.
import {
  defaultResource,
  detectResources,
  type Resource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import { ATTR_SERVICE_INSTANCE_ID, ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions'

/** A node as its telemetry names it. */
export interface NodeIdentity {
  /** Name and incarnation: `n1.lq3f9a`. */
  readonly id: string
  readonly name: string
  readonly version: string
  readonly role: string
  readonly zone: string
}

/** `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` win over what the node says of itself. */
export function resourceOf(node: NodeIdentity): Resource {
  const own = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: 'otp-labs',
    [ATTR_SERVICE_VERSION]: node.version,
    [ATTR_SERVICE_INSTANCE_ID]: node.id,
    'otp.node.id': node.id,
    'otp.node.name': node.name,
    'otp.node.role': node.role,
    'otp.node.zone': node.zone,
  })
  return defaultResource()
    .merge(own)
    .merge(detectResources({ detectors: [resourceAttributesEnvDetector] }))
    .merge(detectResources({ detectors: [serviceNameEnvDetector] }))
}
