/** The ports of a live feed in this process: the machine's clock, its timers, WebSockets and HTTP. */
import WebSocket, { type RawData } from 'ws'
import type { FeedClock, FeedPorts, FeedSocket, RestAnswer, RestLimits, SocketEvents } from './ports.ts'

/** The wall clock when the process began, and a monotone one since: a step of the wall clock makes no frame older. */
const nodeClock: FeedClock = {
  now_us: () => Math.floor((performance.timeOrigin + performance.now()) * 1_000),
  after(delay_ms, then) {
    // Longer than a timer can be: it would fire at once.
    const timer = setTimeout(then, Math.max(0, Math.min(Math.ceil(delay_ms), 2 ** 31 - 1)))
    return () => clearTimeout(timer)
  },
}

function connect(url: string, max_frame_bytes: number, events: SocketEvents): FeedSocket {
  let socket: WebSocket
  try {
    // Without compression a frame is never larger in memory than its limit says.
    socket = new WebSocket(url, { maxPayload: max_frame_bytes, perMessageDeflate: false, handshakeTimeout: 10_000 })
  } catch (error) {
    return refused(events, (error as Error).message)
  }
  let opened = false
  let over = false
  let too_large = false
  let detail = ''
  socket.on('open', () => {
    opened = true
    if (!over) events.opened()
  })
  socket.on('message', (data) => {
    if (!over) events.frame(bytesOf(data))
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    detail = error.message
    too_large = error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
  })
  socket.on('close', (code) => {
    if (over) return
    over = true
    const end = too_large ? 'too_large' : opened ? 'closed' : 'refused'
    events.ended(end, detail === '' ? `code ${code}` : detail)
  })
  return {
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text)
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close() {
      over = true
      // A closing handshake would wait for a peer that may be the reason why we close.
      socket.terminate()
    },
  }
}

/** What an address that is none comes to: a symbol may have made it one. */
function refused(events: SocketEvents, detail: string): FeedSocket {
  const told = setImmediate(() => events.ended('refused', detail))
  return { send: () => undefined, pause: () => undefined, resume: () => undefined, close: () => clearImmediate(told) }
}

/** A copy: a frame that waits must not hold the whole chunk that it arrived in. */
function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return new Uint8Array(Buffer.concat(data))
  return data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data)
}

function ask(
  url: string,
  init: RequestInit,
  { timeout_ms, max_bytes }: RestLimits,
  answered: (answer: RestAnswer | undefined) => void,
): () => void {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), timeout_ms)
  let over = false
  fetchBytes(url, { ...init, signal: abort.signal }, max_bytes)
    .catch(() => undefined)
    .then((answer) => {
      clearTimeout(timer)
      if (over) return
      over = true
      answered(answer)
    })
  return () => {
    over = true
    clearTimeout(timer)
    abort.abort()
  }
}

/** Rejects where the answer is longer than `max_bytes`, or breaks off. */
async function fetchBytes(url: string, init: RequestInit, max_bytes: number): Promise<RestAnswer> {
  const response = await fetch(url, init)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > max_bytes) throw new RangeError(`an answer of more than ${max_bytes} bytes`)
    chunks.push(chunk)
  }
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    body: new Uint8Array(Buffer.concat(chunks)),
  }
}

export const nodePorts: FeedPorts = {
  clock: nodeClock,
  network: {
    connect,
    get: (url, limits, answered) => ask(url, {}, limits, answered),
    // Followed nowhere: what is signed for one address is for no other.
    post: ({ url, headers, body }, limits, answered) =>
      ask(url, { method: 'POST', headers, body, redirect: 'error' }, limits, answered),
  },
  chance: Math.random,
}
