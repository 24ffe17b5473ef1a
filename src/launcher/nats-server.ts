// A run's own server of NATS: started, told of when it greets, and ended with the launcher, however that ends.
import { spawn } from 'node:child_process'
import { connect } from 'node:net'

const POLL_MS = 50

const [config = '', port = ''] = process.argv.slice(2)
const server = spawn('nats-server', ['-c', config], { stdio: ['ignore', 'inherit', 'inherit'] })
server.once('error', (error) => {
  process.stderr.write(`nats-server cannot be started: ${error.message}\n`)
  process.exit(1)
})
server.once('exit', (code) => process.exit(code ?? 1))

const stop = (): void => {
  server.kill('SIGTERM')
}
process.on('SIGTERM', stop)
process.on('disconnect', stop)
if (!process.connected) stop()

/** It listens last of all, and greets whoever comes. */
function tellWhenReady(): void {
  const socket = connect(Number(port), '127.0.0.1')
  const again = (): void => {
    socket.destroy()
    setTimeout(tellWhenReady, POLL_MS)
  }
  socket.once('error', again)
  socket.once('data', () => {
    socket.destroy()
    // The channel may close while this is on its way; the disconnect says what that means.
    process.send?.({ type: 'ready' }, () => undefined)
  })
}

tellWhenReady()
