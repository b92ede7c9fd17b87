import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { AppError } from '../runtime/api/index.ts'
import type { Order } from '../runtime/engine/run.ts'
import type { Control, Redelivery } from '../schemas/generated/index.ts'
import { parseControl } from './control-record.ts'
import { parseRedelivery } from './dlq/redelivery.ts'

/**
 * The way to a running process: a socket in its data directory, on which only its owner may knock (mode 0700).
 *
 * One JSON line in (a Control record, or `{"redelivery": ...}`), one out: `{"ok": true}` once it is durable, or `{"ok": false, "error"}`. A line
 * beyond 64 KiB ends the connection, a line that is no Control record is answered and changes nothing. If the run ends
 * before it took the record, the connection ends without an answer.
 */
const NAME = 'control.sock'
/** Names the socket's path where it is not in the directory. */
const ELSEWHERE = 'control.path'
const MAX_LINE_BYTES = 64 * 1024
/** What comes through a stage once more brings its bytes along. */
const REDELIVERY = '{"redelivery":'
const MAX_REDELIVERY_BYTES = 32 * 1024 * 1024
/** A longer path does not fit into `sockaddr_un`. */
const MAX_PATH_BYTES = 103

export interface Reply {
  readonly ok: boolean
  readonly error?: string
}

/** What takes the records: a run. */
export interface ControlTaker {
  control(value: unknown): Promise<void>
  order?(order: Order): Promise<void>
}

/** Listens; answers what ends it. Without a socket the run goes on, and says so. */
export function openControlSocket(dir: string, run: ControlTaker): () => Promise<void> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serve(socket, run)
  })
  server.on('error', (error) => process.stderr.write(`the control socket does not work: ${error.message}\n`))
  const path = newPath(dir)
  rmSync(path, { force: true }) // The directory's lock is ours, so nobody listens there.
  // The socket is made with these rights: between making it and taking rights away somebody could knock.
  const umask = process.umask(0o077)
  try {
    server.listen(path)
  } finally {
    process.umask(umask)
  }
  server.unref()
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
}

function serve(socket: Socket, run: ControlTaker): void {
  let text = ''
  let asked = false
  socket.on('error', () => socket.destroy())
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    if (asked) return
    text += chunk
    const end = text.indexOf('\n')
    if (end < 0) {
      if (text.length > (text.startsWith(REDELIVERY) ? MAX_REDELIVERY_BYTES : MAX_LINE_BYTES)) socket.destroy()
      return
    }
    asked = true
    answer(text.slice(0, end), run).then((reply) => socket.end(`${JSON.stringify(reply)}\n`))
  })
}

async function answer(line: string, run: ControlTaker): Promise<Reply> {
  try {
    if (line.startsWith(REDELIVERY)) {
      const value = parseRedelivery((JSON.parse(line) as { redelivery: unknown }).redelivery)
      await run.order?.({ source: 'redelivery', value, position: null, cause: value.origin_id })
    } else await run.control(parseControl(line))
    return { ok: true }
  } catch (error) {
    return { ok: false, error: (error as Error).message }
  }
}

/**
 * Hands a record to the process that holds the directory. Undefined if none listens there, or if it ended before it
 * answered: the record may then be there or not. An AppError `CONTROL_UNANSWERED` (exit 4) after `timeout_ms`.
 */
export function sendControl(dir: string, control: Control, timeout_ms = 10_000): Promise<Reply | undefined> {
  return talk(dir, `${JSON.stringify(control)}\n`, timeout_ms)
}

/** The same for any record from outside. */
export function sendOrder(dir: string, { source, value }: Order, timeout_ms = 10_000): Promise<Reply | undefined> {
  if (source === 'control') return sendControl(dir, value as Control, timeout_ms)
  const { bytes, ...rest } = value as Redelivery
  const line = JSON.stringify({ redelivery: { ...rest, bytes: Buffer.from(bytes).toString('base64') } })
  return talk(dir, `${line}\n`, timeout_ms)
}

/** True if a process listens on the directory's socket. */
export async function isListening(dir: string): Promise<boolean> {
  const path = knownPath(dir)
  if (path === undefined) return false
  return new Promise((resolve) => {
    const socket = createConnection(path)
    socket.on('error', () => resolve(false))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

function talk(dir: string, line: string, timeout_ms: number): Promise<Reply | undefined> {
  const path = knownPath(dir)
  if (path === undefined) return Promise.resolve(undefined)
  return new Promise((resolve, reject) => {
    const socket = createConnection(path)
    let text = ''
    let failure: NodeJS.ErrnoException | undefined
    const timer = setTimeout(() => {
      failure = new AppError(
        'CONTROL_UNANSWERED',
        `the process that runs ${dir} did not answer within ${timeout_ms} ms`,
        {
          exit_code: 4,
          hint: 'it may still take the order: look with `aitrader control show`, or stop the process',
        },
      )
      socket.destroy()
    }, timeout_ms)
    socket.on('error', (error) => {
      failure = error
    })
    socket.on('connect', () => socket.write(line))
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('close', () => {
      clearTimeout(timer)
      const end = text.indexOf('\n')
      if (end >= 0) resolve(JSON.parse(text.slice(0, end)) as Reply)
      else if (failure === undefined || GONE.has(failure.code ?? '')) resolve(undefined)
      else reject(failure instanceof AppError ? failure : unreachable(dir, failure))
    })
  })
}

/** Nobody there, or no longer. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'])

function unreachable(dir: string, cause: NodeJS.ErrnoException): AppError {
  return new AppError('CONTROL_UNREACHABLE', `the process that runs ${dir} cannot be reached: ${cause.message}`, {
    exit_code: 4,
    hint: 'only the user who started it may; `aitrader control show` names it',
    cause,
  })
}

/** Where to knock; undefined if the directory has no socket. */
function knownPath(dir: string): string | undefined {
  const real = realpathSync(dir)
  const inside = join(real, NAME)
  if (Buffer.byteLength(inside) <= MAX_PATH_BYTES) return inside
  try {
    const path = readFileSync(join(real, ELSEWHERE), 'utf8')
    requireOwn(dirname(path))
    return path
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * A path to listen on: in the directory or, where that is too long for a socket, in a temporary folder of this user
 * alone, named in the directory. An AppError `SOCKET_PATH` (exit 2) if neither will do.
 */
function newPath(dir: string): string {
  const real = realpathSync(dir)
  const inside = join(real, NAME)
  if (Buffer.byteLength(inside) <= MAX_PATH_BYTES) return inside
  const own = join(tmpdir(), `aitrader-${process.getuid?.() ?? 0}`)
  const path = join(own, `${createHash('sha256').update(real).digest('hex').slice(0, 16)}.sock`)
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw unusablePath(`${inside} and ${path} are too long for a socket`)
  mkdirSync(own, { recursive: true, mode: 0o700 })
  requireOwn(own)
  writeFileSync(join(real, ELSEWHERE), path)
  return path
}

/** Somebody else's folder of that name could hold a listener that says yes and does nothing. */
function requireOwn(folder: string): void {
  const stat = lstatSync(folder)
  const own = stat.isDirectory() && stat.uid === (process.getuid?.() ?? stat.uid) && (stat.mode & 0o077) === 0
  if (!own) throw unusablePath(`${folder} is not a folder of this user alone`)
}

function unusablePath(message: string): AppError {
  return new AppError('SOCKET_PATH', message, {
    exit_code: 2,
    hint: 'choose a --data directory with a shorter path',
  })
}
