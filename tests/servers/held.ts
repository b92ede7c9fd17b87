/** A server as a child process that ends when this process does, however this one ends. */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const START_TIMEOUT_MS = 180_000

export interface Charge {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  /** Holds `output.log`; removed when the server's holder stops it or is gone. */
  readonly folder: string
  /** What a line of its output holds once it serves; absent: it is ready when it runs. */
  readonly ready?: string
}

interface Message {
  pid?: number
  ready?: true
  exit?: number | string
  tail?: string[]
}

/** One server, to be started, killed and started again in the same folder. */
export class Held {
  /** The server's own, for signals. */
  pid = 0
  private readonly charge: Charge
  private readonly warden
  private readonly closed
  private listener: ((message: Message) => void) | null = null

  constructor(charge: Charge) {
    this.charge = charge
    const path = join(import.meta.dirname, 'warden.worker.ts')
    this.warden = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path, JSON.stringify(charge)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      // A group of its own: a signal to the tests' group reaches the server through its closed input only.
      detached: true,
    })
    this.closed = once(this.warden, 'close')
    // A pipe that is broken is told by `closed`.
    this.warden.stdin.on('error', () => {})
    createInterface({ input: this.warden.stdout }).on('line', (line) => {
      const message: Message = JSON.parse(line)
      if (message.pid !== undefined) this.pid = message.pid
      this.listener?.(message)
    })
    // What is held keeps nobody from ending.
    this.warden.unref()
    for (const pipe of [this.warden.stdin, this.warden.stdout]) (pipe as unknown as { unref(): void }).unref()
  }

  /** Starts the server, waits until it is ready. One that ends before is an error with the end of its output. */
  start(): Promise<void> {
    const { command, ready } = this.charge
    return this.awaiting(({ pid, ready: isReady, exit, tail }) => {
      if (exit !== undefined) throw new Error(`${command} ended with ${exit} before it was ready:\n${tail?.join('\n')}`)
      return isReady === true || (ready === undefined && pid !== undefined)
    }, '\n')
  }

  /** Signals the server and waits for its end; its folder stays. */
  kill(signal: NodeJS.Signals): Promise<void> {
    const ended = this.awaiting(({ exit }) => exit !== undefined)
    process.kill(this.pid, signal)
    return ended
  }

  /** Ends the server at once and removes its folder. */
  async stop(): Promise<void> {
    this.warden.ref()
    this.warden.stdin.end()
    await this.closed
  }

  /** Waits for a message after which `done` answers true; says `line` to the warden first. */
  private awaiting(done: (message: Message) => boolean, line = ''): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${this.charge.command} said nothing of itself in ${START_TIMEOUT_MS} ms`)),
        START_TIMEOUT_MS,
      )
      const settle = (act: () => void) => {
        clearTimeout(timer)
        this.listener = null
        act()
      }
      this.listener = (message) => {
        try {
          if (done(message)) settle(resolve)
        } catch (cause) {
          settle(() => reject(cause))
        }
      }
      if (line !== '') this.warden.stdin.write(line)
      this.closed.then(() => settle(() => reject(new Error('the warden is gone'))))
    })
  }
}

/**
 * Ports of loopback that nobody listens on, below the range that systems draw outgoing ports from, so that a server can
 * have its port again after a restart.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    const port = randomInt(12_000, 30_000)
    if (!ports.includes(port) && (await isFree(port))) ports.push(port)
  }
  return ports
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
