import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '../../cli/compose.ts'
import type { Summary } from '../../cli/summary.ts'

/** The real command as a process group of its own. */
export interface Started {
  readonly process: ChildProcess
  /** How it ended; never rejects. */
  readonly ended: Promise<Ended>
  /** Ends the group at once, as `kill -9` does. */
  kill(): void
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

const groups = new Set<number>()
process.on('exit', () => {
  for (const pid of groups) killGroup(pid)
})

/** Starts `aitrader ARGS`. `heard` is called with stderr so far, whenever more of it comes; `env` is added to ours. */
export function aitrader(
  args: readonly string[],
  heard?: (stderr: string) => void,
  env: Readonly<Record<string, string>> = {},
): Started {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/aitrader.mjs'), ...args], {
    cwd: ROOT,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { pid } = child
  if (pid === undefined) throw new Error('the command could not be started')
  groups.add(pid)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    heard?.(stderr)
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => {
      groups.delete(pid)
      resolve({ code, signal, stdout, stderr })
    })
  })
  return { process: child, ended, kill: () => killGroup(pid) }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

/** The totals that `up --json` prints last; throws with what the command said instead where it failed. */
export function summaryOf({ code, signal, stdout, stderr }: Ended): Summary {
  const line = stdout.trimEnd().split('\n').at(-1) ?? ''
  if (code !== 0 || !line.startsWith('{')) throw new Error(`the command ended with ${code ?? signal}: ${stderr}`)
  return JSON.parse(line) as Summary
}

/** Arguments of an `up --once` over captures. */
export function upArgs(dir: string, files: readonly string[], format: string, ...more: string[]): string[] {
  const replays = files.flatMap((file) => ['--replay', file, '--format', format])
  return ['up', '--once', '--json', '--data', dir, ...replays, ...more]
}
