import { builtins } from '../processors/builtin/index.ts'
import type { Json, Reader } from '../runtime/api/index.ts'
import { stateDigest, stateOf } from '../runtime/engine/state-view.ts'
import type { Task } from '../runtime/engine/task.ts'
import type { Topology } from '../runtime/topology/types.ts'
import type { LatencyUs } from './measure.ts'

/** The last line of `up --json`: totals of the directory's whole log, digests of topics and state. */
export interface Summary extends Totals {
  /** This process, from its start to its last durable commit. */
  readonly duration_ms: number
  readonly latency_us: { readonly frame_to_signal: LatencyUs; readonly frame_to_order: LatencyUs }
  readonly topics: Readonly<Record<string, { readonly records: number; readonly sha256: string }>>
  readonly state_sha256: string
}

export interface Totals {
  readonly frames: number
  readonly events: number
  readonly books: number
  readonly signals: number
  readonly predictions: number
  readonly decisions: number
  readonly orders: number
  readonly fills: number
  readonly faults: number
  readonly gaps: number
}

/** Which record each total counts. */
const COUNTED = {
  frames: 'RawFrame',
  events: 'MarketEvent',
  books: 'BookUpdate',
  signals: 'PatternSignal',
  predictions: 'Prediction',
  decisions: 'Decision',
  orders: 'OrderCommand',
  fills: 'Fill',
  faults: 'DeadLetter',
} as const

/** Records ever written per topic, as an undivided log counts them. */
export function countRecords(topology: Topology, reader: Reader): (topic: string) => number {
  return (name) => {
    let records = 0
    for (let p = 0; p < (topology.topics[name]?.partitions ?? 0); p++) records += reader.partition(name, p).end_offset
    return records
  }
}

const BUILT_IN: ReadonlySet<string> = new Set(builtins.map(({ name }) => name))

/** Topics that built-in stages alone write: what they hold has been counted where it came from. */
function passedOn(topology: Topology): ReadonlySet<string> {
  const [written, own] = [new Set<string>(), new Set<string>()]
  for (const { to } of Object.values(topology.sources)) own.add(to)
  for (const { use, to } of Object.values(topology.stages)) {
    for (const topic of Object.values(to)) (BUILT_IN.has(use) ? written : own).add(topic)
  }
  return new Set([...written].filter((topic) => !own.has(topic)))
}

/** Records ever written, per kind, without what built-in stages pass on; normalizers count `gaps` in their state. */
export function totalsOf(topology: Topology, records: (topic: string) => number, tasks: readonly Task[]): Totals {
  const passed_on = passedOn(topology)
  const count = (record: string): number => {
    const names = Object.keys(topology.topics).filter((name) => topology.topics[name]?.record === record)
    const own = names.filter((name) => !passed_on.has(name))
    return (own.length > 0 ? own : names).reduce((sum, name) => sum + records(name), 0)
  }
  const totals = Object.fromEntries(Object.entries(COUNTED).map(([name, record]) => [name, count(record)]))
  let gaps = 0
  for (const [stage, declared] of Object.entries(topology.stages)) {
    if (declared.use !== 'normalizer') continue
    for (const { state } of stateOf(tasks, stage)) gaps += (state as { gaps?: Json }).gaps as number
  }
  return { ...(totals as unknown as Omit<Totals, 'gaps'>), gaps }
}

export async function summarize(
  topology: Topology,
  broker: Pick<Reader, 'digests'>,
  tasks: readonly Task[],
  measured: { readonly duration_ms: number; readonly latency_us: Summary['latency_us'] },
): Promise<Summary> {
  const digests = await broker.digests()
  const topics = Object.fromEntries(
    Object.keys(topology.topics).map((name) => [name, digests[name] ?? { records: 0, sha256: '' }]),
  )
  return {
    ...totalsOf(topology, (name) => topics[name]?.records ?? 0, tasks),
    ...measured,
    topics,
    state_sha256: stateDigest(tasks),
  }
}
