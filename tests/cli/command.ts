import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../../cli/compose.ts'
import { simulatedMarket } from '../../connectors/simulated-market/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'

/** The real command in a process of its own, and captures for it to replay. */

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when stderr holds `text`; rejects if the process ends before. */
  says(text: string): Promise<void>
}

/** Dozens of processes compile the same sources: once is enough. */
const COMPILED = join(tmpdir(), 'aitrader-test-compiled')
const MAIN = join(ROOT, 'cli/main.ts')

/** `limit_kib`: no file of the process may grow beyond it, as on a full disk. `import`: a module to load before it. */
export function start(
  args: readonly string[],
  options: { readonly limit_kib?: number; readonly cwd?: string; readonly import?: string } = {},
): Started {
  const { limit_kib, cwd = ROOT } = options
  const before = options.import === undefined ? [] : ['--import', options.import]
  const node = [process.execPath, ...before, MAIN, ...args]
  const [file, argv] =
    limit_kib === undefined
      ? [process.execPath, node.slice(1)]
      : ['bash', ['-c', `ulimit -f ${limit_kib}; exec "$0" "$@"`, ...node]]
  const child = spawn(file, argv, { cwd, env: { ...process.env, NO_COLOR: '1', NODE_COMPILE_CACHE: COMPILED } })
  let stdout = ''
  let stderr = ''
  let look = () => {}
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
    look()
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
  const says = (text: string) =>
    new Promise<void>((resolve, reject) => {
      look = () => {
        if (stderr.includes(text)) resolve()
      }
      look()
      ended.then(() => reject(new Error(`ended without saying ${JSON.stringify(text)}: ${stderr}`)))
    })
  return { child, ended, says }
}

export function aitrader(...args: readonly string[]): Promise<Ended> {
  return start(args).ended
}

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'aitrader-test-'))
}

/** Frames of the simulated market as lines of the capture format `binance-spot`. */
export async function captureLines(seed: number, duration_ms: number, frames_per_s = 2000): Promise<string[]> {
  const source = simulatedMarket({ seed, frames_per_s, duration_ms })
  await source.open(undefined)
  const lines: string[] = []
  for (let item = source.take(); item !== undefined; item = source.take()) {
    const { receive_time_us, payload } = item.value as RawFrame
    lines.push(`${receive_time_us}000 ${Buffer.from(payload).toString()}\n`)
  }
  return lines
}

/** Writes the lines as a file of `folder`; answers its path. */
export function capture(folder: string, name: string, lines: readonly string[]): string {
  const path = join(folder, name)
  writeFileSync(path, lines.join(''))
  return path
}
