/**
 * A TCP proxy before a broker that cuts connections where a test says so.
 *
 * Brokers tell clients where brokers are; the proxy writes its own port over theirs in every answer, so that each
 * connection goes through it.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** What becomes of a request: passed on, cut before it arrives, or carried out and cut before its answer. */
export type Fate = 'pass' | 'lose_request' | 'lose_answer'

export class KafkaProxy {
  /** Asked for each request by its API key. */
  fate: (api_key: number) => Fate = () => 'pass'
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server) {
    this.#server = server
  }

  static async before(bootstrap: string): Promise<KafkaProxy> {
    const [host, port] = bootstrap.split(':') as [string, string]
    const server = createServer()
    const proxy = new KafkaProxy(server)
    server.on('connection', (client) => proxy.#serve(client, host, Number(port)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return proxy
  }

  get bootstrap(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #serve(client: Socket, host: string, port: number): void {
    const broker = connect(port, host)
    const cut = () => {
      client.destroy()
      broker.destroy()
    }
    let lose_answers = false
    for (const socket of [client, broker]) {
      this.#sockets.add(socket)
      socket.on('error', cut)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        cut()
      })
    }
    frames(client, (frame) => {
      const fate = this.fate(frame.readInt16BE(4))
      if (fate === 'lose_request') return cut()
      if (fate === 'lose_answer') lose_answers = true
      broker.write(frame)
    })
    const own = Buffer.alloc(4)
    frames(broker, (frame) => {
      if (lose_answers) return cut()
      own.writeInt32BE((this.#server.address() as AddressInfo).port)
      client.write(replaced(frame, addressBytes(host, port), own))
    })
  }
}

/** Whole frames of a stream, each with its length of four bytes. */
function frames(socket: Socket, each: (frame: Buffer) => void): void {
  let rest = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0)
      each(rest.subarray(0, end))
      rest = rest.subarray(end)
    }
  })
}

function addressBytes(host: string, port: number): Buffer {
  const number = Buffer.alloc(4)
  number.writeInt32BE(port)
  return Buffer.concat([Buffer.from(host), number])
}

/** `frame` with another port behind each occurrence of the address. */
function replaced(frame: Buffer, address: Buffer, port: Buffer): Buffer {
  const out = Buffer.from(frame)
  for (let at = out.indexOf(address); at >= 0; at = out.indexOf(address, at + 1))
    port.copy(out, at + address.length - 4)
  return out
}
