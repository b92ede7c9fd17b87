import type { Logger } from 'pino'
import { watchEventLoop } from '../event-loop.ts'
import { openLog, serveTelemetry } from '../telemetry.ts'
import type { RunMetrics, ThreadSample } from './metrics.ts'
import { MetricsLine } from './metrics-line.ts'
import type { Meters, Tell } from './metrics-meter.ts'

export interface WatchOptions {
  /** `PORT` or `HOST:PORT` to serve telemetry on. */
  readonly listen?: string
  /** Where the structured log goes; without it events are lines on stderr, unless `json` is set. */
  readonly log?: string
  readonly json?: boolean
}

/** Events that somebody should look at. */
const WARNINGS: readonly string[] = ['record refused', 'lane interrupted', 'lane fenced', 'retention failed']

/**
 * How a process of `aitrader run` is watched: its events, a line on a terminal, its metrics and readiness over HTTP. It
 * answers from the first moment on; until the lanes are known there are no metrics and it is not ready.
 */
export class Watch {
  private readonly line: MetricsLine
  private readonly logger: Logger | undefined
  private readonly quiet: boolean
  private readonly eventLoop = watchEventLoop()
  private metrics: RunMetrics | undefined
  private stopListening: (() => Promise<void>) | undefined

  private constructor({ log, json = false }: WatchOptions) {
    this.line = new MetricsLine(process.stderr, json)
    this.logger = log === undefined ? undefined : openLog(log)
    this.quiet = json
  }

  /** Rejects as `openLog` and `serveTelemetry` do. */
  static async open(options: WatchOptions): Promise<Watch> {
    const watch = new Watch(options)
    if (options.listen !== undefined) {
      watch.stopListening = await serveTelemetry(options.listen, {
        samples: async () => (await watch.metrics?.samples()) ?? [],
        ready: async () => (await watch.metrics?.ready()) ?? false,
      })
    }
    return watch
  }

  /** From here on there is something to watch. */
  begin(metrics: RunMetrics): void {
    this.metrics = metrics
    this.line.start(() => metrics.standing())
  }

  /** What the main thread, whose lanes these meters count, says of itself. */
  main(meters: Meters | undefined): ThreadSample {
    return { thread: 'main', lanes: meters?.sample() ?? [], event_loop: this.eventLoop() }
  }

  readonly log: Tell = (event, detail) => {
    if (this.logger !== undefined) this.logger[WARNINGS.includes(event) ? 'warn' : 'info'](detail, event)
    else if (!this.quiet) this.say(`${event} ${JSON.stringify(detail)}`)
  }

  /** Tells people something, whatever the log is. */
  say(text: string): void {
    this.line.say(text)
  }

  /** Takes the line away: what follows are words. */
  hush(): void {
    this.line.stop()
  }

  async close(): Promise<void> {
    this.line.stop()
    await this.stopListening?.()
    this.logger?.flush()
  }
}
