// What an operator asks for, carried to the node that can do it.

import type { z } from 'zod'
import { nodeName } from '#cluster'
import type { Asker, ManageRequest, ManageResult } from '#introspect'
import type { NodeId } from '#process'
import { Refusal } from '../problem.ts'
import type { managed } from '../schemas/manage.ts'
import type { Observing } from './observing.ts'

/** Longer than what a process may take to hear of it: the node's own answer says more than a deadline here. */
const WITHIN_MS = 15_000
const DRAIN_WITHIN_MS = 150_000

const STATUS: Readonly<Record<Extract<ManageResult, { ok: false }>['reason'], number>> = {
  not_found: 404,
  refused: 409,
  not_wired: 501,
  timeout: 504,
  failed: 503,
}

/** Done on `id`, for what is a `target` there; a `Refusal` where it is not done. */
export async function manage(observing: Observing, id: NodeId, request: ManageRequest, asker: Asker): Promise<z.infer<typeof managed>> {
  const withinMs = request.action === 'drain' ? DRAIN_WITHIN_MS : WITHIN_MS
  const result = await observing.one(id, 'manage', { request, asker }, withinMs)
  if (!result.ok) throw new Refusal(STATUS[result.reason], 'ERR_OTP_HTTP_NOT_DONE', result.detail)
  const target = 'pid' in request ? request.pid : 'name' in request ? request.name : nodeName(id)
  return { ...observing.about(), action: request.action, target, on: nodeName(id), result: result.result }
}
