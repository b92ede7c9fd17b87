/**
 * A way to a broker on which connections end where a test wants it: before a request gets through, or after it has been
 * carried out and before its answer is back.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Address, Wire } from '../../../connectors/kafka/wire.ts'

/** `request`: it never arrives. `answer`: it is carried out and the connection ends in place of the answer. */
export type Fate = 'pass' | 'request' | 'answer'

export interface Proxy {
  readonly address: Address
  /** Requests seen, by their number in the protocol, in order. */
  readonly seen: number[]
  close(): void
}

/** `lose` decides for every request; `nth` counts those of the same kind from 1. */
export async function proxyTo(broker: Address, lose: (api_key: number, nth: number) => Fate): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const seen: number[] = []
  const server = createServer((near) => {
    const far = connect(broker.port, broker.host)
    const end = () => {
      near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', end).on('close', end)
    }
    let lost: number | undefined
    frames(near, (frame) => {
      const api_key = frame.readInt16BE(4)
      seen.push(api_key)
      const fate = lose(api_key, seen.filter((key) => key === api_key).length)
      if (fate === 'request') return end()
      if (fate === 'answer') lost = frame.readInt32BE(8)
      far.write(frame)
    })
    frames(far, (frame) => {
      if (frame.readInt32BE(4) === lost) return end()
      near.write(frame)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    seen,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

function frames(socket: Socket, each: (frame: Buffer) => void): void {
  let rest = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0)
      const frame = rest.subarray(0, end)
      rest = rest.subarray(end)
      each(frame)
    }
  })
}

/** The wire, for which every broker is behind the proxy whatever address the cluster's metadata gives. */
export function through(wire: Wire, proxy: Proxy): Wire {
  return {
    client: wire.client,
    named: wire.named,
    request: (...request) => wire.request(...request),
    setNodes: (nodes) => wire.setNodes(nodes.map(({ node_id }) => ({ node_id, ...proxy.address }))),
    close: () => wire.close(),
  }
}
