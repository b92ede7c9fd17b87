import { AppError, type Json } from '../../runtime/api/index.ts'
import type { Observer } from '../../runtime/engine/options.ts'
import { type PlannedLane, planLanes } from '../../runtime/plan/lanes.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { compose } from '../compose.ts'
import { type SourceOptions, sourceOf } from '../source.ts'
import type { LaneSetting } from './lane-host.ts'
import { Meters } from './metrics-meter.ts'
import { idsOf, kafkaOf, type OpenTarget, type Target } from './target.ts'

/** What lanes are run with, in plain data: a thread makes its own setting from it. */
export interface SettingData {
  readonly target: Target
  readonly topology: Topology
  /** Identity of the data source and its seed, as this or another process opened it. */
  readonly source: Json
  readonly seed: number
  /** How this process opens the source; undefined if it has none. */
  readonly open: SourceOptions | undefined
  readonly speed: number
  readonly once: boolean
}

/** Puts together what every lane of a thread is run with. Rejects as `compose` and `idsOf` do. */
export async function settingOf(
  data: SettingData,
  { broker, registry, codecs }: OpenTarget,
  watch: { readonly observer: (lane: PlannedLane) => Observer; readonly log: LaneSetting['log'] },
): Promise<LaneSetting> {
  const { topology, source, seed, open, speed, once } = data
  const composition = await compose(topology, source, seed)
  return {
    composition,
    lanes: planLanes(composition.plan),
    kafka: kafkaOf(topology),
    broker,
    codecs,
    schemaId: await idsOf(registry, composition.plan),
    source:
      open === undefined
        ? undefined
        : (tell) => sourceOf(open, seed, topology.instruments, { tell, captures: 'next' }).then(({ source }) => source),
    speed,
    once,
    meters: new Meters(composition.plan.topics, watch.log),
    ...watch,
  }
}

/** An error as plain data, from a thread, and back: what ends a command keeps its code, exit code and hint. */
export interface ErrorData {
  readonly message: string
  readonly code: string | undefined
  readonly exit_code: AppError['exit_code']
  readonly hint: string | undefined
}

export function errorData(error: unknown): ErrorData {
  if (error instanceof AppError) {
    const { message, code, exit_code, hint } = error
    return { message, code, exit_code, hint }
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { message, code: undefined, exit_code: 3, hint: undefined }
}

export function errorOf({ message, code, exit_code, hint }: ErrorData): Error {
  if (code === undefined) return new Error(message)
  return new AppError(code, message, hint === undefined ? { exit_code } : { exit_code, hint })
}
