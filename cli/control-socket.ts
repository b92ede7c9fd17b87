import { rmSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { join } from 'node:path'
import type { Run } from '../runtime/engine/run.ts'
import type { Control } from '../schemas/generated/index.ts'

/**
 * The way to a running process: a socket in its data directory, where only who may write the directory can knock.
 *
 * One JSON line in (a Control record), one out: `{"ok": true}` once it is durable, or `{"ok": false, "error"}`. A line
 * beyond 64 KiB ends the connection.
 */
const NAME = 'control.sock'
const MAX_LINE_BYTES = 64 * 1024

export function openControlSocket(dir: string, run: Run): () => Promise<void> {
  const path = join(dir, NAME)
  rmSync(path, { force: true }) // The directory's lock is ours, so nobody listens there.
  const server = createServer((socket) => {
    let text = ''
    socket.on('error', () => socket.destroy())
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (text.length > MAX_LINE_BYTES) return socket.destroy()
      const end = text.indexOf('\n')
      if (end < 0) return
      const line = text.slice(0, end)
      text = ''
      answer(line, run).then((reply) => socket.end(`${JSON.stringify(reply)}\n`))
    })
  })
  server.on('error', (error) => process.stderr.write(`the control socket does not work: ${error.message}\n`))
  server.listen(path)
  server.unref()
  return () => new Promise((resolve) => server.close(() => resolve()))
}

async function answer(line: string, run: Run): Promise<{ ok: boolean; error?: string }> {
  try {
    await run.control(JSON.parse(line) as Control)
    return { ok: true }
  } catch (error) {
    return { ok: false, error: (error as Error).message }
  }
}

/** Hands a record to the process that holds the directory; undefined if none listens there. */
export function sendControl(dir: string, control: Control): Promise<{ ok: boolean; error?: string } | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(join(dir, NAME))
    let text = ''
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined)
      else reject(error)
    })
    socket.on('connect', () => socket.write(`${JSON.stringify(control)}\n`))
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('close', () => {
      if (text !== '') resolve(JSON.parse(text) as { ok: boolean; error?: string })
    })
  })
}
