/** A server that answers requests as a test wants: rightly, wrongly, in pieces, or not at all. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { ByteWriter } from '../../../connectors/kafka/bytes.ts'
import type { Address } from '../../../connectors/kafka/wire.ts'

export interface Asked {
  readonly api_key: number
  readonly api_version: number
  readonly correlation_id: number
  readonly client_id: string
  readonly body: Buffer
  /** Which connection, counted from 0. */
  readonly connection: number
  readonly socket: Socket
}

/** A body to answer with, or undefined for an answer that the test gives by itself or never. */
export type Answerer = (asked: Asked) => Buffer | undefined

export interface FakeBroker {
  readonly address: Address
  readonly asked: Asked[]
  connections(): number
  /** Resolves when so many requests other than ApiVersions have come. */
  received(count: number): Promise<void>
  close(): Promise<void>
}

export function framed(correlation_id: number, body: Buffer): Buffer {
  return Buffer.concat([
    new ByteWriter()
      .i32(4 + body.length)
      .i32(correlation_id)
      .bytes(),
    body,
  ])
}

/** Answers ApiVersions itself, naming versions 0 to 20 of requests 0 to 70, unless `versions` is false. */
export async function fakeBroker(answer: Answerer, options: { versions?: boolean } = {}): Promise<FakeBroker> {
  const sockets = new Set<Socket>()
  const asked: Asked[] = []
  const waiting: { count: number; done: () => void }[] = []
  let connections = 0
  const server = createServer((socket) => {
    const connection = connections++
    sockets.add(socket)
    socket.on('error', () => {})
    let rest = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
        const one = parse(rest.subarray(4, 4 + rest.readInt32BE(0)), connection, socket)
        rest = rest.subarray(4 + rest.readInt32BE(0))
        if (one.api_key === 18 && options.versions !== false) {
          socket.write(framed(one.correlation_id, allVersions()))
          continue
        }
        asked.push(one)
        const body = answer(one)
        if (body !== undefined) socket.write(framed(one.correlation_id, body))
        for (const { count, done } of waiting) if (asked.length >= count) done()
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    asked,
    connections: () => connections,
    received: (count) =>
      new Promise((done) => {
        if (asked.length >= count) done()
        else waiting.push({ count, done })
      }),
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

function parse(frame: Buffer, connection: number, socket: Socket): Asked {
  const client_length = frame.readInt16BE(8)
  return {
    api_key: frame.readInt16BE(0),
    api_version: frame.readInt16BE(2),
    correlation_id: frame.readInt32BE(4),
    client_id: frame.toString('utf8', 10, 10 + client_length),
    body: frame.subarray(10 + client_length),
    connection,
    socket,
  }
}

function allVersions(): Buffer {
  const w = new ByteWriter().i16(0)
  w.array([...Array(71).keys()], (key) => w.i16(key).i16(0).i16(20))
  return w.bytes()
}
