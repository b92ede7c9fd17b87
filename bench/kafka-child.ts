/** Processes that a Kafka bench starts: one engine each, told to stop by the end of its input. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface Child {
  readonly pid: number
  /** Resolves with the last line that the process wrote, when it has ended by itself. */
  readonly ended: Promise<string>
  /** Throws what it said if it ended although nobody told it to. */
  alive(): void
  /** Closes its input and waits for its end. */
  stop(): Promise<void>
}

/** Starts `command`; what it writes to its error output is shown only when it fails. */
export function startChild(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Child {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  let said = ''
  let wrote = ''
  child.stderr.on('data', (chunk: Buffer) => {
    if (process.env.BENCH_VERBOSE) process.stderr.write(chunk)
    said = `${said}${chunk}`.slice(-4_000)
  })
  child.stdout.on('data', (chunk: Buffer) => {
    wrote = `${wrote}${chunk}`.slice(-100_000)
  })
  child.stdin.on('error', () => {})
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = new Promise<string>((resolve, reject) => {
    child.once('close', (code, signal) => {
      process.off('exit', kill)
      if (code === 0) resolve(wrote.trim().split('\n').pop() ?? '')
      else reject(new Error(`${command} ${args.slice(-6).join(' ')} ended with ${code ?? signal}: ${said}${wrote}`))
    })
  })
  let failure: Error | undefined
  ended.catch((cause: Error) => {
    failure = cause
  })
  return {
    pid: child.pid as number,
    ended,
    alive() {
      if (failure !== undefined) throw failure
      if (child.exitCode !== null) throw new Error(`${command} ended before its work was done: ${wrote}`)
    },
    async stop() {
      child.stdin.end()
      await ended
    },
  }
}

/** Processor seconds that a process has used so far, all its threads. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Anonymous memory of a process, MB. */
export function rssAnonMb(pid: number): number {
  return Math.round(Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024)
}
