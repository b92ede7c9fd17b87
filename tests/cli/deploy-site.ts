import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { applyCommand } from '../../cli/commands/apply.ts'
import { planCommand } from '../../cli/commands/plan.ts'
import { resetCommand } from '../../cli/commands/reset.ts'
import { loadTopology } from '../../cli/compose.ts'
import { type OpenSite, openSite } from '../../cli/deploy/site.ts'
import { AppError } from '../../runtime/api/index.ts'
import type { Ended } from './command.ts'

/** Small topologies under names of their own, so that tests share a cluster, and the sites that they go to. */

let made = 0

export interface Small {
  readonly name: string
  readonly file: string
  readonly frames: string
  readonly events: string
}

export interface SmallOptions {
  readonly name?: string
  readonly partitions?: number
  /** With a stage more, behind the others. */
  readonly nbbo?: boolean
}

function stage(name: string, events: string): string {
  return `  nbbo:
    use: nbbo
    from:
      books: { topic: t-${name}.books.v1, as: broadcast }
      events: { topic: ${events}, as: broadcast }
      instruments: t-${name}.instruments.v1
    to: { nbbo: t-${name}.nbbo.v1 }
    faults_to: t-${name}.dead.v1
`
}

/** Frames in, market events and books out. */
export function smallTopology({
  name = `dep${process.pid}-${++made}`,
  partitions = 2,
  nbbo = false,
}: SmallOptions = {}): Small {
  const topics = { frames: `${name}.x.frames.v1`, events: `${name}.x.events.v1` }
  // Not under the topology's own prefix: its topics are the user's.
  const own = (topic: string) => topic.replace(`${name}.x.`, `t-${name}.`)
  const file = join(mkdtempSync(join(tmpdir(), 'aitrader-deploy-')), 'small.yaml')
  const text = `name: ${name}
description: Frames in, events and books out.
owner: tests
sources:
  feed: { to: ${own(topics.frames)} }
topics:
  ${own(topics.frames)}: { record: RawFrame, key: venue_symbol, partitions: ${partitions} }
  ${own(topics.events)}: { record: MarketEvent, key: instrument_id, partitions: ${partitions} }
  t-${name}.instruments.v1: { record: Instrument, key: instrument_id, partitions: 1 }
  t-${name}.bars.v1: { record: Bar, key: instrument_id, partitions: ${partitions} }
  t-${name}.books.v1: { record: BookUpdate, key: instrument_id, partitions: ${partitions} }
  t-${name}.dead.v1: { record: DeadLetter, key: origin_topic, partitions: 1 }
${nbbo ? `  t-${name}.nbbo.v1: { record: Nbbo, key: symbol, partitions: 1 }\n` : ''}stages:
  normalizer:
    use: normalizer
    from: { frames: ${own(topics.frames)} }
    to: { events: ${own(topics.events)}, instruments: t-${name}.instruments.v1, bars: t-${name}.bars.v1 }
    faults_to: t-${name}.dead.v1
  book-builder:
    use: book-builder
    from: { events: ${own(topics.events)} }
    to: { books: t-${name}.books.v1 }
    faults_to: t-${name}.dead.v1
${nbbo ? stage(name, own(topics.events)) : ''}`
  writeFileSync(file, text)
  return { name, file, frames: own(topics.frames), events: own(topics.events) }
}

const COMMANDS = { plan: planCommand, apply: applyCommand, reset: resetCommand }

/**
 * A command in this process: a dozen processes would cost more than what they test. Not for two at a time: they share
 * the streams that are listened to here.
 */
export async function inProcess(name: string, ...args: readonly string[]): Promise<Ended> {
  const heard = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      heard[stream] += String(text)
      return true
    }),
  )
  const before = process.exitCode
  process.exitCode = undefined
  try {
    await COMMANDS[name as keyof typeof COMMANDS]()
      .exitOverride()
      .parseAsync([...args], { from: 'user' })
    return { code: Number(process.exitCode ?? 0), ...heard }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const { message, code, hint, exit_code } = error
    const stderr = `${heard.stderr}aitrader: ${message} (${code})\n${hint === undefined ? '' : `  ${hint}\n`}`
    return { code: exit_code, stdout: heard.stdout, stderr }
  } finally {
    process.exitCode = before
    for (const spy of spies) spy.mockRestore()
  }
}

/** Opens a site, does the work and closes it. */
export async function withSite<T>(
  servers: { readonly kafka: string; readonly registry: string },
  file: string,
  work: (site: OpenSite) => Promise<T>,
): Promise<T> {
  const site = await openSite(servers, await loadTopology(file))
  try {
    return await work(site)
  } finally {
    await site.close()
  }
}
