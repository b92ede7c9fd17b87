import { AppError } from '../../runtime/api/index.ts'
import type { Graph, Live } from '../../runtime/topology/graph.ts'

/** Puts what a running process measures on the edges of a graph. */

export interface LiveOptions {
  readonly fetch: (url: string) => Promise<string>
  readonly now_ms: () => number
  readonly wait: (ms: number) => Promise<void>
  /** Time between the two looks that a rate is made of, milliseconds. */
  readonly window_ms: number
}

/** Two looks at `/metrics` of the process at `url`. An AppError `PROCESS_UNREACHABLE` (exit 4) if it does not answer. */
export async function withLive(graph: Graph, url: string, options: LiveOptions): Promise<Graph> {
  const target = url.replace(/\/+$/, '').replace(/\/metrics$/, '')
  const look = async () => {
    const text = await options.fetch(`${target}/metrics`).catch((cause: unknown) => {
      throw new AppError('PROCESS_UNREACHABLE', `nothing answers at ${target}/metrics: ${(cause as Error).message}`, {
        exit_code: 4,
        hint: 'start it with --listen PORT and give http://127.0.0.1:PORT',
        cause,
      })
    })
    return { text, at_ms: options.now_ms() }
  }
  const first = await look()
  await options.wait(options.window_ms)
  const second = await look()
  const before = byTopic(first.text, 'aitrader_records_total')
  const after = byTopic(second.text, 'aitrader_records_total')
  const lag = byTopic(second.text, 'aitrader_lag_records', Math.max)
  const seconds = Math.max(0.001, (second.at_ms - first.at_ms) / 1000)
  const live = new Map<string, Live>()
  for (const [topic, records] of after) {
    // A counter that went back is a process that began anew.
    const grown = Math.max(0, records - (before.get(topic) ?? 0))
    const behind = lag.get(topic)
    live.set(topic, { records_per_s: grown / seconds, ...(behind === undefined ? {} : { lag_records: behind }) })
  }
  return {
    ...graph,
    edges: graph.edges.map((edge) => {
      const flow = live.get(edge.topic)
      return flow === undefined ? edge : { ...edge, live: flow }
    }),
  }
}

/** A metric's values by the label `topic`, those of several lanes put together. */
function byTopic(text: string, name: string, put = (a: number, b: number) => a + b): Map<string, number> {
  const found = new Map<string, number>()
  for (const line of text.split('\n')) {
    const match = /^([a-z_]+)\{(.*)\} (\S+)$/.exec(line)
    if (match?.[1] !== name) continue
    const topic = /(?:^|,)topic="((?:[^"\\]|\\.)*)"/.exec(match[2] as string)?.[1]
    const value = Number(match[3])
    if (topic === undefined || !Number.isFinite(value)) continue
    const known = found.get(topic)
    found.set(topic, known === undefined ? value : put(known, value))
  }
  return found
}
