/** A double behind a real port: WebSockets and HTTP on loopback. */
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { FeedClock } from '../../connectors/feed/index.ts'
import { Begun, type VenueDouble, VirtualClock } from './virtual-world.ts'

export interface RealServer {
  readonly port: number
  close(): Promise<void>
}

/** A connection whose reader is behind by so much is ended, as venues do. */
const BEHIND_BYTES = 8 * 1024 * 1024

export async function serve(double: VenueDouble): Promise<RealServer> {
  const http = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { url = '', method, headers } = request
    const answer = method === 'POST' ? double.post?.(url, headers as Record<string, string>, body) : double.get(url)
    // No answer at all: the asker gives up by itself.
    if (answer === undefined) return
    response.writeHead(answer.status, { ...answer.headers })
    response.end(answer.body)
  })
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false, verifyClient: () => !double.refuses() })
  sockets.on('connection', (socket: WebSocket, request) => {
    const send = (payload: Uint8Array) => {
      if (socket.bufferedAmount > BEHIND_BYTES) socket.terminate()
      else socket.send(payload, { binary: false })
    }
    const begun = new Begun(send)
    const accepted = double.accept(request.url ?? '', {
      send: (payload) => begun.isHolding(payload) || send(payload),
      begin: (payload) =>
        begun.begin(() => {
          write(socket, half(payload))
          return () => write(socket, payload.subarray(payload.length >> 1))
        }, payload),
      cut: () => socket.terminate(),
      tear: (payload) => write(socket, half(payload), () => socket.terminate()),
    })
    if (accepted === undefined) return socket.terminate()
    socket.on('message', (data) => accepted.message(String(data)))
    socket.on('close', () => accepted.gone())
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return {
    port: (http.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets.clients) socket.terminate()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

/** Onto the socket below, where there still is one: half a frame cannot be said by the means of WebSockets. */
function write(socket: WebSocket, bytes: Uint8Array, then?: () => void): void {
  if (socket.readyState === socket.OPEN) (socket as unknown as { _socket: Socket })._socket.write(bytes, then)
}

/** The head of a text frame that says how long it is, and the first half of what it should hold. */
function half(payload: Uint8Array): Buffer {
  const head = Buffer.alloc(10)
  head[0] = 0x81
  head[1] = 127
  head.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([head, payload.subarray(0, payload.length >> 1)])
}

/** No more of it passes in one turn of the event loop: a machine that is busy for a moment is not late by minutes. */
const STEP_MAX_MS = 1_000

/** The machine's clock, up to `speed` times as fast: an hour of a venue's life in 36 seconds at 100, or more if need be. */
export function fastClock(speed: number): FeedClock {
  const clock = new VirtualClock(Date.now() * 1_000)
  let last_ms = performance.now()
  const tick = () => {
    const now_ms = performance.now()
    const passed_ms = Math.floor((now_ms - last_ms) * speed)
    last_ms = now_ms
    clock.advance(Math.min(passed_ms, STEP_MAX_MS))
    setTimeout(tick, 1).unref()
  }
  tick()
  return clock
}
