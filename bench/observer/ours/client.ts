// Asks for each address that it is sent, and says how many ms that took: the client of a look, in an OS process of its own.

async function look(address: string): Promise<void> {
  const startedAt = performance.now()
  const answer = await fetch(address)
  await answer.text()
  const ms = performance.now() - startedAt
  if (!answer.ok) throw new Error(`${address} was answered with ${answer.status}`)
  process.send?.(ms)
}

process.on('message', (address: string) => void look(address))
