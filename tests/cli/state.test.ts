import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDirectory } from '../../cli/reading.ts'
import { StageState } from '../../cli/stage-state.ts'
import { openEmbedded } from '../../connectors/embedded/index.ts'
import type { Envelope } from '../../runtime/engine/envelope.ts'
import { envelopes } from '../../runtime/engine/recovery.ts'
import { type StateEntry, stateDigest } from '../../runtime/engine/state-view.ts'
import type { Task } from '../../runtime/engine/task.ts'
import { canonical } from '../../runtime/state/canonical.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { aitrader, newFolder } from './command.ts'
import { type Reached, recordsOf, runTo } from './partial-run.ts'

/** What `aitrader state` answers is what a run had in memory: now, after a kill, and as of any input record. */

const SEED = 1
const LATE = 7_000
const folder = newFolder()
const late = join(folder, 'late')
let at_late: Reached
/** Runs that ended at an instant at which a stage reads something: that of a book and an NBBO, and that of a signal. */
let at_quote: Ended
let at_signal: Ended

type Ended = Reached & { readonly dir: string }

beforeAll(async () => {
  at_late = await runTo({ dir: late, seed: SEED, frames: LATE })
  const frames = (await recordsOf(late, 'audit.raw-ticks.v1')).map(({ stream_time_us }) => stream_time_us)
  const endAt = async (name: string, times_us: number[]): Promise<Ended> => {
    const end_us = times_us.sort((a, b) => a - b)[Math.floor(times_us.length / 2)] as number
    const dir = join(folder, name)
    const reached = await runTo({
      dir,
      seed: SEED,
      frames: frames.filter((time_us) => time_us <= end_us).length,
      like: at_late,
    })
    expect(reached.now_us).toBe(end_us)
    return { ...reached, dir }
  }
  const quotes = new Set((await recordsOf(late, 'market.nbbo.v1')).map(({ stream_time_us }) => stream_time_us))
  const books = (await recordsOf(late, 'market.books.v1')).map(({ stream_time_us }) => stream_time_us)
  const signals = (await recordsOf(late, 'signals.global.v1')).map(({ stream_time_us }) => stream_time_us)
  at_quote = await endAt(
    'quote',
    books.filter((time_us) => quotes.has(time_us)),
  )
  at_signal = await endAt('signal', signals)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function withStage<T>(
  dir: string,
  stage: string,
  ask: (state: StageState) => Promise<T>,
  { composition }: Reached = at_late,
): Promise<T> {
  const { reader } = await openDirectory(dir)
  try {
    return await ask(new StageState(reader, composition, stage))
  } finally {
    await reader.close()
  }
}

async function digestOf(dir: string): Promise<string> {
  const tasks: Task[] = []
  for (const stage of at_late.composition.plan.stages) {
    tasks.push(...(await withStage(dir, stage, (state) => state.tasks())))
  }
  return stateDigest(tasks)
}

const textOf = (entries: Iterable<unknown>) => [...entries].map((entry) => canonical(entry as never))

describe('state now', () => {
  test('equals what the run had in memory', async () => {
    expect(await digestOf(late)).toBe(at_late.state_sha256)
    expect(await digestOf(at_quote.dir)).toBe(at_quote.state_sha256)
    expect(at_quote.state_sha256).not.toBe(at_late.state_sha256)
  })

  test('after a kill equals what the next process recovers', async () => {
    const dir = join(folder, 'killed')
    await runTo({ dir, seed: SEED, frames: 4_000, killed: true, like: at_late })
    const read = await digestOf(dir)
    const { reader } = await openDirectory(dir)
    const durable = reader.partition('audit.raw-ticks.v1', 0)
    await reader.close()
    expect(durable.end_offset).toBeGreaterThan(0)
    const frames = await framesIn(dir)
    const recovered = await runTo({ dir, seed: SEED, frames, like: at_late })
    expect(recovered.state_sha256).toBe(read)
  })

  test('can be read while another process writes', async () => {
    const broker = await openEmbedded(late, { topology: 'crypto' })
    expect(await digestOf(late)).toBe(at_late.state_sha256)
    await broker.close()
  })
})

async function framesIn(dir: string): Promise<number> {
  const { reader } = await openDirectory(dir)
  let frames = 0
  for (let p = 0; p < 4; p++) frames += reader.partition('audit.raw-ticks.v1', p).end_offset
  await reader.close()
  return frames
}

/** The last record, in merge order, that a task of the stage had read by the end of a run. */
async function lastRead(
  { dir, composition, now_us }: Ended,
  stage: string,
): Promise<{ topic: string; partition: number; offset: number; at_us: number }> {
  const { reader } = await openDirectory(dir)
  const { plan } = composition
  const producers = new Map(plan.producers.map((name, index) => [name, index]))
  const inputs = plan.tasks.filter((planned) => planned.stage === stage).flatMap((planned) => planned.inputs)
  let last: { head: Envelope; at_us: number } | undefined
  for (const input of inputs) {
    const { end_offset } = reader.partition(input.topic.name, input.partition)
    for await (const head of envelopes(reader, input.topic, input.partition, 0, end_offset, producers)) {
      const at_us = head.stream_time_us + input.delay_us
      if (at_us > now_us) continue // On a feedback edge, not yet read.
      const later = last === undefined || at_us > last.at_us
      if (later || (at_us === last?.at_us && head.topic.index >= last.head.topic.index)) last = { head, at_us }
    }
  }
  await reader.close()
  if (last === undefined) throw new Error(`${stage} read nothing`)
  return { topic: last.head.topic.name, partition: last.head.partition, offset: last.head.offset, at_us: last.at_us }
}

const STAGES = [
  ...['normalizer', 'book-builder', 'nbbo', 'pattern-scorer', 'inference-enricher'],
  ...['strategy', 'execution', 'venue-simulator', 'audit-sink'],
]

describe('state as of an input record', () => {
  test.each(STAGES)('of %s is what a run that ended with this record had', async (stage) => {
    const end = stage === 'inference-enricher' ? at_signal : at_quote
    const { topic, partition, offset, at_us } = await lastRead(end, stage)
    expect(at_us).toBe(end.now_us)
    const is = await withStage(late, stage, (state) => state.at(topic, partition, offset))
    const keys = new Set(is.map(({ key }) => key))
    const was = (end.states.get(stage) ?? []).filter(({ key }) => keys.has(key))
    expect(is.length).toBeGreaterThan(0)
    expect(textOf(is)).toEqual(textOf(was))
    const now = await withStage(late, stage, (state) => state.now())
    expect(textOf(is)).not.toEqual(textOf(now))
  })

  test('starts from the last snapshot where the record came after it', async () => {
    const dir = join(folder, 'tail')
    await runTo({ dir, seed: SEED, frames: 2_000, like: at_late })
    await runTo({ dir, seed: SEED, frames: LATE, killed: true, like: at_late })
    const { reader, run } = await openDirectory(dir)
    expect(run.topology.name).toBe('crypto')
    const partition = [0, 1, 2, 3].find((p) => reader.partition('market.events.v1', p).end_offset > 0) as number
    const last = reader.partition('market.events.v1', partition).end_offset - 1
    await reader.close()
    const of = (where: string) =>
      withStage(where, 'book-builder', (state) => state.at('market.events.v1', partition, last))
    expect(textOf(await of(dir))).toEqual(textOf(await of(late)))
  })

  test('names the earliest answerable offset where retention has dropped inputs', async () => {
    const dir = join(folder, 'cut')
    const forgetful = (topology: Topology): Topology => ({
      ...topology,
      topics: Object.fromEntries(
        Object.entries(topology.topics).map(([name, topic]) => [name, { ...topic, retention_us: 0, partitions: 1 }]),
      ),
    })
    const reached = await runTo({ dir, seed: SEED, frames: LATE, change: forgetful, trim: true })
    const { reader } = await openDirectory(dir)
    const { start_offset, end_offset } = reader.partition('market.events.v1', 0)
    await reader.close()
    expect(start_offset).toBeGreaterThan(0)
    const ask = (state: StageState) => state.at('market.events.v1', 0, end_offset - 1)
    await expect(withStage(dir, 'book-builder', ask, reached)).rejects.toMatchObject({
      code: 'STATE_NOT_ANSWERABLE',
      exit_code: 2,
      hint: `the earliest answerable offset is ${end_offset} (market.events.v1:0:N)`,
    })
  })
})

describe('the command', () => {
  test('prints one object per key, each the same text every time', async () => {
    const { code, stdout, stderr } = await aitrader('state', 'nbbo', '--data', late, '--json')
    expect(code, stderr).toBe(0)
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as StateEntry)
    expect(rows.map(({ stage, key }) => `${stage} ${key}`)).toEqual(
      (at_late.states.get('nbbo') ?? []).map(({ key }) => `nbbo ${key}`),
    )
    const one = await aitrader('state', 'nbbo', '--data', late, '--json', '--key', 'BTCUSDT')
    expect(one.stdout).toBe(`${stdout.split('\n').find((line) => line.includes('"key":"BTCUSDT"'))}\n`)
  })

  test.each([
    [['nbo'], 'STAGE_UNKNOWN', 'did you mean `nbbo`?'],
    [['nbbo', '--key', 'BTCUSD'], 'KEY_UNKNOWN', 'did you mean `BTCUSDT`?'],
    [['nbbo', '--at', 'market.book.v1:0:1'], 'TOPIC_UNKNOWN', 'did you mean `market.books.v1`?'],
    [['nbbo', '--at', 'control.v1:0:0'], 'TOPIC_NOT_INPUT', 'its inputs: '],
    [['nbbo', '--at', 'market.books.v1:7:0'], 'TOPIC_NOT_INPUT', 'it reads the partitions 0, 1, 2, 3'],
    [['nbbo', '--at', 'market.books.v1:0:99999999'], 'OFFSET_UNKNOWN', 'it'],
    [['nbbo', '--at', 'market.books.v1:12'], 'BAD_OPTION', 'write it like market.events.v1:0:1200'],
  ])('refuses %j', async (args, code, hint) => {
    const ended = await aitrader('state', ...args, '--data', late)
    expect(ended).toMatchObject({ code: 2, stdout: '' })
    expect(ended.stderr).toMatch(new RegExp(`^aitrader: .* \\(${code}\\)\n {2}`))
    expect(ended.stderr).toContain(hint)
  })
})
