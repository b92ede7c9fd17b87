import { createServer, type Server } from 'node:http'
import { dirname } from 'node:path'
import { type Logger, pino } from 'pino'
import { AppError } from '../runtime/api/index.ts'
import { expose, type Sample } from './exposition.ts'

/**
 * What operators see of a run: Prometheus metrics, readiness, and a structured log. It measures, and never decides; what
 * it tells is read when somebody asks.
 */

/**
 * A log of JSON objects, a line each, appended to `path`: `time`, `level`, `msg`, and what the event says. An AppError
 * `FILE_UNWRITABLE` (exit 2).
 */
export function openLog(path: string): Logger {
  const options = { base: null, timestamp: pino.stdTimeFunctions.isoTime }
  try {
    return pino(options, pino.destination({ dest: path, sync: true }))
  } catch (cause) {
    throw new AppError('FILE_UNWRITABLE', `cannot write ${path}: ${(cause as NodeJS.ErrnoException).code}`, {
      exit_code: 2,
      hint: `is ${dirname(path)} a folder that this user may write to?`,
      cause,
    })
  }
}

export interface TelemetryPages {
  /** The metrics of now. */
  samples(): Promise<readonly Sample[]> | readonly Sample[]
  /** Whether all that this process was given to do has recovered. */
  ready(): Promise<boolean> | boolean
}

/**
 * Serves `/metrics`, `/health` (the process answers) and `/ready` (recovery is done) on `address`, `HOST:PORT` or
 * `PORT`; a port alone means loopback. Answers what closes it.
 */
export async function serveTelemetry(address: string, pages: TelemetryPages): Promise<() => Promise<void>> {
  const [, host = '127.0.0.1', port] = /^(?:(.+):)?(\d{1,5})$/.exec(address) ?? []
  if (port === undefined || Number(port) > 65_535) {
    throw new AppError('BAD_OPTION', `--listen ${address} is no address`, {
      exit_code: 2,
      hint: 'write PORT or HOST:PORT',
    })
  }
  // Loaded where somebody asks: it takes a tenth of a start.
  const { collectDefaultMetrics, Registry } = await import('prom-client')
  const process_metrics = new Registry()
  collectDefaultMetrics({ register: process_metrics, prefix: 'aitrader_process_' })
  const server = createServer(async (request, response) => {
    const answer = (status: number, text: string, type = 'text/plain') =>
      response.writeHead(status, { 'content-type': type }).end(text)
    try {
      if (request.url === '/metrics') {
        const text = expose(await pages.samples()) + (await process_metrics.metrics())
        answer(200, text, process_metrics.contentType)
      } else if (request.url === '/health') answer(200, 'ok\n')
      else if (request.url === '/ready') {
        const ready = await pages.ready()
        answer(ready ? 200 : 503, ready ? 'ready\n' : 'recovering\n')
      } else answer(404, 'there are /metrics, /health and /ready\n')
    } catch (error) {
      answer(500, `${(error as Error).message}\n`)
    }
  })
  await listen(server, Number(port), host)
  server.unref()
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
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
