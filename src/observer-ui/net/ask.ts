// Questions to the node that served the page. A token, where one is needed, stays in this tab.
import type { Answers } from '#answers'

const BASE = '/observer/v1'
const TOKEN = 'otp-observer-token'

/** What the node said instead of an answer; 0: it could not be reached. */
export class Refused extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export const signedIn = (): boolean => sessionStorage.getItem(TOKEN) !== null

/** An empty token signs out. The page begins anew, with what the token may do. */
export function signIn(token: string): void {
  if (token === '') sessionStorage.removeItem(TOKEN)
  else sessionStorage.setItem(TOKEN, token)
  location.reload()
}

function headers(): Record<string, string> {
  const token = sessionStorage.getItem(TOKEN)
  return token === null ? {} : { authorization: `Bearer ${token}` }
}

export type Parameters = Readonly<Record<string, string | number | undefined>>

/** The address of a route, without parameters that are empty. */
export function address(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined && value !== '') query.set(name, String(value))
  const text = query.toString()
  return `${BASE}/${path}${text === '' ? '' : `?${text}`}`
}

interface Asked extends RequestInit {
  readonly headers?: Readonly<Record<string, string>>
}

/** The response to a request, or `Refused` in the words of its problem document. */
export async function request(url: string, init: Asked = {}): Promise<Response> {
  let response: Response
  try {
    response = await fetch(url, { ...init, headers: { ...headers(), ...init.headers } })
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new Refused(0, 'the node does not answer')
  }
  if (response.ok) return response
  const problem = (await response.json().catch(() => undefined)) as Answers['problem'] | undefined
  throw new Refused(response.status, problem?.detail ?? `the node answered ${response.status}`)
}

/** One answer of the API. */
export async function ask<N extends keyof Answers>(path: string, parameters?: Parameters, signal?: AbortSignal): Promise<Answers[N]> {
  const response = await request(address(path, parameters), signal === undefined ? {} : { signal })
  return (await response.json()) as Answers[N]
}

/** Does something, for which the manage token is needed. */
export async function manage(path: string, body?: unknown): Promise<Answers['managed']> {
  const init = {
    method: 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  }
  const response = await request(address(path), init)
  return (await response.json()) as Answers['managed']
}
