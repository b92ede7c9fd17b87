import { AppError } from '../../runtime/api/index.ts'
import type { Graph, GraphEdge, GraphNode, Live } from '../../runtime/topology/graph.ts'

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
  const before = recordsOf(first.text)
  const after = recordsOf(second.text)
  const seconds = Math.max(0.001, (second.at_ms - first.at_ms) / 1000)
  const waiting = waitingIn(second.text)
  const stages = new Map(graph.nodes.map(({ id, kind, name }) => [id, READING.includes(kind) ? name : undefined]))
  return {
    ...graph,
    edges: graph.edges.map((edge) => {
      const records = after.get(edge.topic)
      const lag_records = waiting(stages.get(edge.to), edge)
      if (records === undefined && lag_records === undefined) return edge
      // A counter that went back is a process that began anew.
      const grown = Math.max(0, (records ?? 0) - (before.get(edge.topic) ?? 0))
      const live: Live = { records_per_s: grown / seconds, ...(lag_records === undefined ? {} : { lag_records }) }
      return { ...edge, live }
    }),
  }
}

/** Nodes that a process measures the inputs of. */
const READING: readonly GraphNode['kind'][] = ['stage', 'effect']

/** Records written, by topic, those of several lanes put together. */
function recordsOf(text: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const { labels, value } of samplesOf(text, 'aitrader_records_total')) {
    const topic = labels.get('topic') ?? ''
    found.set(topic, (found.get(topic) ?? 0) + value)
  }
  return found
}

/**
 * What a stage has not worked off of a topic: what its lanes have not read and what waits in its inputs. Lanes share a
 * keyed topic, so theirs is added up; each reads the whole of a broadcast one, so the slowest counts. Undefined where
 * this process does not run the stage.
 */
function waitingIn(text: string): (stage: string | undefined, edge: GraphEdge) => number | undefined {
  const queues = [...samplesOf(text, 'aitrader_queue_records')]
  const lags = [...samplesOf(text, 'aitrader_lag_records')]
  return (stage, { topic, as }) => {
    const own = queues.filter(({ labels }) => labels.get('stage') === stage && labels.get('topic') === topic)
    if (own.length === 0) return undefined
    const by_lane = own.map(({ labels, value }) => {
      const unread = lags.find(
        (lag) => lag.labels.get('lane') === labels.get('lane') && lag.labels.get('topic') === topic,
      )
      return value + (unread?.value ?? 0)
    })
    return as === 'broadcast' ? Math.max(...by_lane) : by_lane.reduce((sum, value) => sum + value, 0)
  }
}

interface MetricSample {
  readonly labels: ReadonlyMap<string, string>
  readonly value: number
}

/** The samples of a metric, as our own exposition writes them; names of lanes, stages and topics need no escapes. */
function* samplesOf(text: string, name: string): Generator<MetricSample> {
  for (const line of text.split('\n')) {
    const match = /^([a-z_]+)\{(.*)\} (\S+)$/.exec(line)
    const value = Number(match?.[3])
    if (match?.[1] !== name || !Number.isFinite(value)) continue
    const pairs = (match[2] as string).matchAll(/([a-z_]+)="([^"]*)"/g)
    yield { labels: new Map([...pairs].map(([, label, text]) => [label as string, text as string])), value }
  }
}
