/**
 * Keeps one server for exactly as long as somebody holds its standard input: when that closes, by an orderly stop as by
 * `kill -9` of the holder, the server is killed and its folder removed. So a killed test run leaves no server behind.
 *
 * Argument: a `Charge` as JSON. A line on standard input starts the server (again). It says on its standard output, a
 * JSON object a line: `{pid}` once the server runs, `{ready: true}` once a line of its output holds `ready`,
 * `{exit, tail}` when it has ended.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Charge } from './held.ts'

const TAIL_LINES = 40

const { command, args, cwd, folder, ready }: Charge = JSON.parse(process.argv[2]!)
const log = createWriteStream(join(folder, 'output.log'), { flags: 'a' })
let server: ChildProcess | null = null

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

function start(): void {
  const tail: string[] = []
  let waiting = ready !== undefined
  server = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  if (server.pid !== undefined) say({ pid: server.pid })
  for (const stream of [server.stdout!, server.stderr!]) {
    createInterface({ input: stream }).on('line', (line) => {
      log.write(`${line}\n`)
      tail.push(line)
      if (tail.length > TAIL_LINES) tail.shift()
      if (!waiting || !line.includes(ready!)) return
      waiting = false
      say({ ready: true })
    })
  }
  server.on('error', (cause) => tail.push(cause.message))
  server.on('close', (code, signal) => {
    server = null
    say({ exit: signal ?? code, tail })
  })
}

function end(): void {
  const remove = () => {
    rmSync(folder, { recursive: true, force: true })
    process.exit()
  }
  if (server === null) return remove()
  server.on('close', remove)
  server.kill('SIGKILL')
}

createInterface({ input: process.stdin }).on('line', start).on('close', end)
// Nobody may be there to read.
process.stdout.on('error', () => {})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end)
