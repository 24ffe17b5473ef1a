// A name server on loopback, over UDP and TCP, that answers what a test wants, or does not.
import { createSocket, type Socket } from 'node:dgram'
import { createServer, type Server } from 'node:net'
import { type Answer, AUTHORITATIVE_ANSWER, decode, encode, type Packet, streamDecode, streamEncode, TRUNCATED_RESPONSE } from 'dns-packet'

export interface Records {
  readonly A?: readonly string[]
  readonly AAAA?: readonly string[]
  readonly SRV?: readonly { readonly target: string; readonly port: number }[]
}

/** `silent`: nothing comes back. */
type Mood = 'answer' | 'SERVFAIL' | 'REFUSED' | 'silent'

const RCODES = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const
/** What resolvers take over UDP. */
const UDP_BYTES = 1232
/** Long enough that a resolver which remembered answers would be caught. */
const TTL_SECONDS = 300

export class NameServer {
  readonly names = new Map<string, Records>()
  /** Of a question such as `A db.example`, or of all others under `*`. */
  readonly moods = new Map<string, Mood>()
  /** Every question as it came: `A db.example` over `udp` or `tcp`. */
  readonly asked: string[] = []
  readonly #udp: Socket = createSocket('udp4')
  readonly #tcp: Server = createServer((socket) => {
    socket.on('error', () => {})
    let held = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk])
      while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
        const size = 2 + held.readUInt16BE(0)
        const answer = this.#answer(streamDecode(held.subarray(0, size)), 'tcp')
        held = held.subarray(size)
        if (answer !== undefined) socket.write(streamEncode(answer))
      }
    })
  })
  address = ''

  static async start(host = '127.0.0.1'): Promise<NameServer> {
    const server = new NameServer()
    await server.#listen(host)
    return server
  }

  /** One port for both: another try if the one that TCP got is taken for UDP. */
  async #listen(host: string): Promise<void> {
    await new Promise<void>((resolve) => this.#tcp.listen(0, host, resolve))
    const { port } = this.#tcp.address() as { port: number }
    await new Promise<void>((resolve, reject) => {
      this.#udp.once('error', reject)
      this.#udp.bind(port, host, resolve)
    })
    this.address = `${host}:${port}`
    this.#udp.on('message', (bytes, from) => {
      const answer = this.#answer(decode(bytes), 'udp')
      if (answer === undefined) return
      const encoded = encode(answer)
      const isTooLong = encoded.length > UDP_BYTES
      const cut = { ...answer, answers: [], flags: (answer.flags ?? 0) | TRUNCATED_RESPONSE }
      this.#udp.send(isTooLong ? encode(cut) : encoded, from.port, from.address)
    })
  }

  #answer(query: Packet, over: 'udp' | 'tcp'): Packet | undefined {
    const [question] = query.questions ?? []
    if (question === undefined) return undefined
    const asked = `${question.type} ${question.name}`
    this.asked.push(`${asked} ${over}`)
    const mood = this.moods.get(asked) ?? this.moods.get('*') ?? 'answer'
    if (mood === 'silent') return undefined
    const records = this.names.get(question.name)
    const rcode = mood === 'answer' ? (records === undefined ? 'NXDOMAIN' : 'NOERROR') : mood
    const answers = rcode === 'NOERROR' ? answersTo(question.name, question.type, records ?? {}) : []
    return { type: 'response', id: query.id ?? 0, flags: AUTHORITATIVE_ANSWER | RCODES[rcode], questions: [question], answers }
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => void this.#udp.close(() => resolve()))
    await new Promise<void>((resolve) => void this.#tcp.close(() => resolve()))
  }
}

function answersTo(name: string, type: string, records: Records): Answer[] {
  const common = { name, ttl: TTL_SECONDS, class: 'IN' } as const
  if (type === 'A') return (records.A ?? []).map((data) => ({ ...common, type: 'A', data }))
  if (type === 'AAAA') return (records.AAAA ?? []).map((data) => ({ ...common, type: 'AAAA', data }))
  if (type === 'SRV') return (records.SRV ?? []).map((data) => ({ ...common, type: 'SRV', data }))
  return []
}
