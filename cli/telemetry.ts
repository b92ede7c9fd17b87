import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { AppError } from '../runtime/api/index.ts'
import type { Engine } from '../runtime/engine/engine.ts'
import type { Envelope } from '../runtime/engine/envelope.ts'
import type { Observer } from '../runtime/engine/options.ts'
import type { DeadLetter } from '../schemas/generated/index.ts'

/**
 * What operators see of a run: Prometheus metrics and a structured log. It measures, and never decides.
 *
 * The log is `log.jsonl` in the data directory, a JSON object a line: start, recovery, faults (with `correlation_id`,
 * the id of the record that was refused), stop. A flood of equal faults is told at its 1st, 2nd, 4th, 8th... record.
 */
export class Telemetry implements Observer {
  readonly registry = new Registry()
  readonly log: Logger
  private readonly faults_total: Counter<'stage' | 'code'>
  private readonly commit_seconds: Histogram
  private readonly faults = new Map<string, number>()
  private readonly begun = new Map<number, number>()
  private readonly counts = new Map<string, number>()

  constructor(dir: string) {
    this.log = pino(
      { base: null, timestamp: pino.stdTimeFunctions.isoTime },
      pino.destination({ dest: join(dir, 'log.jsonl'), sync: true }),
    )
    const registers = [this.registry]
    const counts = this.counts
    new Counter({
      name: 'aitrader_records_total',
      help: 'Records written, per topic.',
      labelNames: ['topic'],
      registers,
      collect() {
        for (const [topic, count] of counts) this.inc({ topic }, count)
        counts.clear()
      },
    })
    this.faults_total = new Counter({
      name: 'aitrader_faults_total',
      help: 'Records refused, per stage and code.',
      labelNames: ['stage', 'code'],
      registers,
    })
    this.commit_seconds = new Histogram({
      name: 'aitrader_commit_seconds',
      help: "Time from a commit's begin until it is durable.",
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5],
      registers,
    })
    collectDefaultMetrics({ register: this.registry, prefix: 'aitrader_process_' })
  }

  /** Gauges that are read off the engine when somebody asks. */
  watch(engine: Engine): void {
    const registers = [this.registry]
    new Gauge({
      name: 'aitrader_stream_time_seconds',
      help: 'Stream time that everything has passed, seconds since the epoch.',
      registers,
      collect() {
        this.set(engine.now_us / 1e6)
      },
    })
    new Gauge({
      name: 'aitrader_queue_records',
      help: 'Records that wait in the inputs of a stage.',
      labelNames: ['stage'],
      registers,
      collect() {
        this.reset()
        for (const task of engine.tasks) this.inc({ stage: task.planned.stage }, task.buffered)
      },
    })
    new Gauge({
      name: 'aitrader_pending_records',
      help: 'Records that wait for a commit.',
      registers,
      collect() {
        this.set(engine.pending)
      },
    })
  }

  emitted({ topic, value }: Envelope): void {
    this.counts.set(topic.name, (this.counts.get(topic.name) ?? 0) + 1)
    if (topic.record.name === 'DeadLetter') this.refused(value as DeadLetter)
  }

  committing(commit: number): void {
    this.begun.set(commit, performance.now())
  }

  durable(commit: number): void {
    const begun_ms = this.begun.get(commit)
    this.begun.delete(commit)
    if (begun_ms !== undefined) this.commit_seconds.observe((performance.now() - begun_ms) / 1000)
  }

  private refused({ stage, code, origin_id, detail }: DeadLetter): void {
    this.faults_total.inc({ stage, code })
    const name = `${stage} ${code}`
    const count = (this.faults.get(name) ?? 0) + 1
    this.faults.set(name, count)
    if ((count & (count - 1)) === 0)
      this.log.warn({ stage, code, correlation_id: origin_id, detail, count }, 'a record was refused')
  }
}

/**
 * Serves `/metrics`, `/health` (the process answers) and `/ready` (recovery is done) on `address`, `HOST:PORT` or
 * `PORT`; a port alone means loopback. Answers what closes it.
 */
export async function serveTelemetry(
  address: string,
  telemetry: Telemetry,
  ready: () => boolean,
): Promise<() => Promise<void>> {
  const [, host = '127.0.0.1', port] = /^(?:(.+):)?(\d{1,5})$/.exec(address) ?? []
  if (port === undefined || Number(port) > 65_535) {
    throw new AppError('BAD_OPTION', `--listen ${address} is no address`, {
      exit_code: 2,
      hint: 'write PORT or HOST:PORT',
    })
  }
  const server = createServer(async (request, response) => {
    const answer = (status: number, text: string, type = 'text/plain') =>
      response.writeHead(status, { 'content-type': type }).end(text)
    if (request.url === '/metrics') answer(200, await telemetry.registry.metrics(), telemetry.registry.contentType)
    else if (request.url === '/health') answer(200, 'ok\n')
    else if (request.url === '/ready') answer(ready() ? 200 : 503, ready() ? 'ready\n' : 'recovering\n')
    else answer(404, 'there are /metrics, /health and /ready\n')
  })
  await listen(server, Number(port), host)
  server.unref()
  return () => new Promise((resolve) => server.close(() => resolve()))
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new AppError('LISTEN_FAILED', `cannot listen on ${host}:${port}: ${cause.code}`, {
          exit_code: 4,
          hint: 'choose another port',
          cause,
        }),
      )
    })
    server.listen(port, host, () => resolve())
  })
}

/** Tells several observers. */
export function both(a: Observer, b: Observer): Observer {
  return {
    emitted(envelope) {
      a.emitted?.(envelope)
      b.emitted?.(envelope)
    },
    committing(commit) {
      a.committing?.(commit)
      b.committing?.(commit)
    },
    durable(commit) {
      a.durable?.(commit)
      b.durable?.(commit)
    },
  }
}
