// Reads server-sent events from a response: `EventSource` cannot send a token.

export interface Sent {
  readonly id: string | undefined
  readonly event: string
  readonly data: string
}

/** Pure. One block of a stream, without the empty line that ends it; `undefined` for a comment. */
export function parseBlock(block: string): Sent | undefined {
  let id: string | undefined
  let event = 'message'
  const data: string[] = []
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'id') id = value
    else if (field === 'event') event = value
    else if (field === 'data') data.push(value)
  }
  return data.length === 0 ? undefined : { id, event, data: data.join('\n') }
}

/** Calls `onSent` for each event until the stream ends. */
export async function readSent(response: Response, onSent: (sent: Sent) => void): Promise<void> {
  if (response.body === null) return
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    const blocks = (rest + value).split('\n\n')
    rest = blocks.pop() as string
    for (const block of blocks) {
      const sent = parseBlock(block)
      if (sent !== undefined) onSent(sent)
    }
  }
}
