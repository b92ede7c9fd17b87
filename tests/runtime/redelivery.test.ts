import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { defineProcessor, emit, fault } from '../../runtime/api/processor.ts'
import type { RecordType } from '../../runtime/api/record.ts'
import { Engine } from '../../runtime/engine/engine.ts'
import type { JournalType } from '../../runtime/engine/journal.ts'
import type { WriterCodecs } from '../../runtime/engine/options.ts'
import { replay } from '../../runtime/engine/replay.ts'
import { Run } from '../../runtime/engine/run.ts'
import type { RecordAt } from '../../runtime/engine/task.ts'
import { readRecords } from '../../runtime/log/batch.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { plan, type World } from '../../runtime/plan/plan.ts'
import type { Later, Topology } from '../../runtime/topology/types.ts'
import { type DeadLetter, JournalEntry, Redelivery } from '../../schemas/generated/index.ts'
import { ArraySource, type Tick, toy, world as toys, VirtualClock } from './toy.ts'

/** Refused records come back through their stage, and what becomes of those behind them is as the stage says. */

const TickRecord = toys.records.Tick as RecordType<Tick>

/** Adds up per key; `broken` refuses what is below zero. */
function sum(broken: boolean) {
  return defineProcessor({
    name: 'sum',
    description: 'Adds up per key.',
    inputs: { ticks: TickRecord },
    outputs: { sums: TickRecord },
    faults: { NEGATIVE: 'n is below zero' },
    params: Type.Object({}),
    initial: () => ({ total: 0 }),
    on: {
      ticks(state, { k, n }) {
        if (broken && n < 0) return fault('NEGATIVE', { n })
        const total = state.total + n
        return emit({ total }, { sums: [{ k, n: total }] })
      },
    },
  })
}

function topology(later: Later | undefined): Topology {
  const { ticks, sums, dead } = toy.topics
  const stage = toy.stages.sum as Topology['stages'][string]
  return {
    ...toy,
    sources: { feed: { to: 'ticks' }, redelivery: { to: 'again' } },
    topics: {
      ticks: { ...(ticks as NonNullable<typeof ticks>), partitions: 2 },
      sums: { ...(sums as NonNullable<typeof sums>), partitions: 2 },
      dead: dead as NonNullable<typeof dead>,
      again: { ...(dead as NonNullable<typeof dead>), record: 'Redelivery', key: 'stage' },
    },
    stages: { sum: { ...stage, ...(later === undefined ? {} : { later }) } },
  }
}

type Given = readonly [k: string, n: number]

class Killed extends Error {}

/** One life of a process. */
class Bench {
  readonly store = new MemoryStore()
  readonly topology: Topology
  /** What ticks are written as. */
  tick: RecordType<Tick> = TickRecord
  private readonly items: { value: Tick; at_us: number }[] = []

  constructor(later?: Later) {
    this.topology = topology(later)
  }

  /** Gives the ticks, then sends letters through again by their numbers among all letters; ends cleanly or dies. */
  async live(
    given: readonly Given[],
    options: { broken: boolean; letters?: readonly number[]; dies?: boolean },
  ): Promise<void> {
    for (const [k, n] of given) this.items.push({ value: { k, n }, at_us: 1_000 + 100 * this.items.length })
    const broker = new SimulatedLog(this.store).connect()
    const world: World = {
      processors: { ...toys.processors, sum: sum(options.broken) },
      records: {
        ...toys.records,
        Tick: this.tick as RecordType<unknown>,
        Redelivery: Redelivery as RecordType<unknown>,
      },
    }
    const engine = await Engine.open({
      plan: plan(this.topology, world),
      broker,
      journal: JournalEntry as JournalType,
      schemaId: () => 1,
      hashes: { code: 'c', config: 'c', schemas: 's', models: 'm' },
      runners: {},
    })
    const run = new Run({
      engine,
      feed: { name: 'feed', source: new ArraySource(this.items, 1_000) },
      speed: Number.POSITIVE_INFINITY,
      once: true,
      commit_interval_ms: 1,
      commit_max_records: 1,
      end_drain_ms: 0,
      clock: new VirtualClock(5),
      stop: { requested: false },
    })
    if (options.dies === true) {
      // Before its last word: what it did is durable, and no snapshot of it.
      const commit = engine.commit.bind(engine)
      engine.commit = (graceful) => (graceful === true ? Promise.reject(new Killed()) : commit())
    }
    const orders = await Promise.all((options.letters ?? []).map((number) => this.again(number)))
    const taken = orders.map((order) => run.order(order))
    if (options.dies === true) await expect(run.run()).rejects.toThrow(Killed)
    else await run.run()
    await Promise.all(taken)
  }

  private async again(number: number) {
    const letters = await this.records('dead')
    const letter = letters[number] as Awaited<ReturnType<Bench['records']>>[number]
    const { origin_topic, origin_partition, origin_id, record, bytes, stage } = letter.value as DeadLetter
    const value = {
      stage,
      letter_id: letter.id,
      origin_id,
      origin_topic,
      origin_partition,
      record,
      bytes,
      actor: 'desk',
    }
    return { source: 'redelivery', value, position: null, cause: origin_id }
  }

  async records(topic: string) {
    const broker = new SimulatedLog(this.store).connect()
    const type = { ...toys.records, Tick: this.tick, Redelivery }[
      this.topology.topics[topic]?.record as string
    ] as RecordType<unknown>
    const found = []
    for (let p = 0; p < (this.topology.topics[topic]?.partitions ?? 0); p++) {
      for (let offset = 0; ; ) {
        const batch = await broker.read(topic, p, offset)
        if (batch === undefined) break
        for (const { id, causes, body, stream_time_us } of readRecords(batch)) {
          found.push({ id, causes, stream_time_us, value: type.decode(body, 0, body.length) })
        }
        offset = batch.base_offset + batch.records
      }
    }
    return found.sort((a, b) => a.stream_time_us - b.stream_time_us)
  }

  /** `k n` of each sum, in order. */
  async sums(): Promise<string[]> {
    return (await this.records('sums')).map(({ value }) => `${(value as Tick).k} ${(value as Tick).n}`)
  }

  /** `code of origin` of each letter, in order. */
  async letters(): Promise<string[]> {
    return (await this.records('dead')).map(({ value }) => {
      const { code, origin_id, origin_topic } = value as DeadLetter
      return `${code} of ${origin_id} on ${origin_topic}`
    })
  }
}

const GIVEN: readonly Given[] = [
  ['a', 1],
  ['a', -1],
  ['a', 2],
  ['b', 5],
  ['a', 3],
]

describe('continue', () => {
  test('a refused record comes back as a new one, caused by the refused one, at once', async () => {
    const bench = new Bench()
    await bench.live(GIVEN, { broken: true })
    expect(await bench.sums()).toEqual(['a 1', 'a 3', 'b 5', 'a 6'])
    expect(await bench.letters()).toEqual(['NEGATIVE of feed:1 on ticks'])
    await bench.live([['a', 4]], { broken: false, letters: [0] })
    expect(await bench.sums()).toEqual(['a 1', 'a 3', 'b 5', 'a 6', 'a 5', 'a 9'])
    const [again] = await bench.records('again')
    expect(again).toMatchObject({ id: 'redelivery:0', causes: ['feed:1'], value: { letter_id: 'sum/0:1' } })
    expect((await bench.records('sums')).at(-2)?.causes).toEqual(['redelivery:0'])
    expect(await bench.letters()).toHaveLength(1)
  })

  test('refused once more, it is a letter once more, which can come back itself', async () => {
    const bench = new Bench()
    await bench.live(GIVEN, { broken: true })
    await bench.live([], { broken: true, letters: [0] })
    expect(await bench.letters()).toEqual(['NEGATIVE of feed:1 on ticks', 'NEGATIVE of redelivery:0 on ticks'])
    await bench.live([], { broken: false, letters: [1] })
    expect((await bench.sums()).at(-1)).toBe('a 5')
    expect((await bench.records('again'))[1]?.causes).toEqual(['redelivery:0'])
  })

  test('what was not read where it says it came from is a letter, and stops nothing', async () => {
    const bench = new Bench()
    await bench.live(GIVEN, { broken: true })
    const wrong = bench as unknown as { again(number: number): Promise<{ value: { origin_partition: number } }> }
    const right = wrong.again.bind(bench)
    wrong.again = async (number) => {
      const order = await right(number)
      return { ...order, value: { ...order.value, origin_partition: 1 } }
    }
    await bench.live([['a', 4]], { broken: false, letters: [0] })
    expect((await bench.letters())[1]).toBe('MISPLACED of redelivery:0 on again')
    expect((await bench.sums()).at(-1)).toBe('a 10')
  })
})

describe('park', () => {
  const parked = ['NEGATIVE of feed:1 on ticks', 'PARKED of feed:2 on ticks', 'PARKED of feed:4 on ticks']

  test('later records of the key wait, others do not; in their order they come through and open the key', async () => {
    const bench = new Bench('park')
    await bench.live(GIVEN, { broken: true })
    expect(await bench.sums()).toEqual(['a 1', 'b 5'])
    expect(await bench.letters()).toEqual(parked)
    await bench.live([['b', 1]], { broken: false, letters: [0, 1, 2] })
    await bench.live([['a', 4]], { broken: false })
    // As if it had never been refused.
    expect(await bench.sums()).toEqual(['a 1', 'b 5', 'a 0', 'a 2', 'a 5', 'b 6', 'a 9'])
    expect(await bench.letters()).toEqual(parked)
  })

  test('one whose turn it is not waits on', async () => {
    const bench = new Bench('park')
    await bench.live(GIVEN, { broken: true })
    await bench.live([], { broken: false, letters: [2, 0, 1] })
    expect(await bench.letters()).toEqual([...parked, 'PARKED of redelivery:0 on ticks'])
    expect(await bench.sums()).toEqual(['a 1', 'b 5', 'a 0', 'a 2'])
    await bench.live([['a', 4]], { broken: false })
    expect((await bench.letters()).at(-1)).toBe('PARKED of feed:5 on ticks')
    await bench.live([], { broken: false, letters: [3, 4] })
    expect(await bench.sums()).toEqual(['a 1', 'b 5', 'a 0', 'a 2', 'a 5', 'a 9'])
  })

  test('the first, refused once more, still stands before the others', async () => {
    const bench = new Bench('park')
    await bench.live(GIVEN, { broken: true })
    await bench.live([], { broken: true, letters: [0, 1] })
    expect((await bench.letters()).slice(3)).toEqual([
      'NEGATIVE of redelivery:0 on ticks',
      'PARKED of redelivery:1 on ticks',
    ])
    await bench.live([], { broken: false, letters: [3, 4, 2] })
    expect(await bench.sums()).toEqual(['a 1', 'b 5', 'a 0', 'a 2', 'a 5'])
  })

  test('what is parked is state: a process that dies leaves it to the next', async () => {
    const bench = new Bench('park')
    await bench.live(GIVEN.slice(0, 3), { broken: true, dies: true })
    await bench.live(GIVEN.slice(3), { broken: true, dies: true })
    await bench.live([], { broken: true })
    expect(await bench.letters()).toEqual(parked)
    await bench.live([], { broken: false, letters: [0], dies: true })
    await bench.live([], { broken: false, letters: [1], dies: true })
    await bench.live([], { broken: false, letters: [2] })
    await bench.live([['a', 4]], { broken: false })
    expect(await bench.sums()).toEqual(['a 1', 'b 5', 'a 0', 'a 2', 'a 5', 'a 9'])
  })
})

describe('block', () => {
  test('the stage stops before the record, and a mended build goes on with it', async () => {
    const bench = new Bench('block')
    await expect(bench.live(GIVEN, { broken: true })).rejects.toMatchObject({ code: 'STAGE_BLOCKED', exit_code: 3 })
    expect(await bench.letters()).toEqual([])
    await bench.live([], { broken: false })
    expect(await bench.sums()).toEqual(['a 1', 'a 0', 'a 2', 'b 5', 'a 5'])
    expect(await bench.letters()).toEqual([])
  })
})

/** Ticks as another build wrote them: behind a byte of its own. */
const older: RecordType<Tick> = {
  ...TickRecord,
  encode(value, arena) {
    arena.ensure(1)
    arena.buf[arena.pos++] = 7
    TickRecord.encode(value, arena)
  },
  decode: (buf, pos, end) => TickRecord.decode(buf, pos + 1, end),
}

test('a replay reads what came back by the schema of the build that sent it', async () => {
  const bench = new Bench()
  bench.tick = older
  await bench.live(GIVEN, { broken: true })
  await bench.live([['a', 4]], { broken: true, letters: [0] })
  expect(await bench.letters()).toHaveLength(2)
  const world: World = {
    processors: { ...toys.processors, sum: sum(true) },
    records: { ...toys.records, Redelivery: Redelivery as RecordType<unknown> },
  }
  const codecs: WriterCodecs = {
    prepare: () => undefined,
    get: <T>(_id: number, type: RecordType<T>) =>
      (type.name === 'Tick' ? older.decode : type.decode) as typeof type.decode,
  }
  const replayOf = (recordAt?: RecordAt) =>
    replay({
      plan: plan(bench.topology, world),
      reader: Object.assign(new SimulatedLog(bench.store).connect(), { codecs }),
      schemaId: () => 1,
      ...(recordAt === undefined ? {} : { recordAt }),
    })
  const asWritten = ({ record }: { record: RecordType<unknown> }) =>
    record.name === 'Tick' ? (older as RecordType<unknown>) : undefined
  expect(await replayOf(asWritten)).toMatchObject({ different: 0, stopped: undefined })
  expect((await replayOf()).different).toBeGreaterThan(0)
})
