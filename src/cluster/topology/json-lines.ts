// JSON values out of a stream of lines, as Kubernetes sends a watch.

/** A line may be so long: an EndpointSlice has up to 1,000 endpoints. */
const MAX_LINE_BYTES = 4 * 1024 * 1024

/** Yields each whole line; a last one without an end is no line. Throws for what is no JSON, or too long. */
export async function* jsonLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<unknown, void> {
  let held: Buffer[] = []
  let size = 0
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...held, chunk.subarray(from, end)])
      held = []
      size = 0
      from = end + 1
      if (line.length > 0) yield JSON.parse(line.toString('utf8'))
    }
    held.push(chunk.subarray(from))
    size += chunk.length - from
    if (size > MAX_LINE_BYTES) throw new Error(`a line of more than ${MAX_LINE_BYTES} bytes`)
  }
}
