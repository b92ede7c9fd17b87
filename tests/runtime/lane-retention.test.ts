import { expect, test } from 'vitest'
import type { Reader } from '../../runtime/api/broker.ts'
import { Feed } from '../../runtime/engine/feed.ts'
import { FRONTIERS, type FrontierType, NOTHING_US } from '../../runtime/engine/frontiers.ts'
import { JOURNAL } from '../../runtime/engine/journal.ts'
import { neededOffsets } from '../../runtime/engine/lane-retention.ts'
import { Marks } from '../../runtime/engine/marks.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { planLanes } from '../../runtime/plan/lanes.ts'
import { plan, producerNumbers } from '../../runtime/plan/plan.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { FrontierMark } from '../../schemas/generated/index.ts'
import { runLanes } from './lanes.ts'
import { Killed, runToy, ticks, toy, world } from './toy.ts'

/** The toy, all of whose topics may be dropped as soon as nobody needs them. */
const forgetful: Topology = {
  ...toy,
  topics: Object.fromEntries(Object.entries(toy.topics).map(([name, topic]) => [name, { ...topic, retention_us: 0 }])),
}
const items = ticks(600)

test('what the lanes say they need is enough to recover them, wherever they were killed', async () => {
  const whole = await runToy({ store: new MemoryStore(), items })
  const planned = plan(forgetful, world)
  const lanes = planLanes(planned)
  for (const lane of ['sum-0', 'gather', 'sources']) {
    const store = new MemoryStore()
    let dropped = 0
    for (const after_commits of [3, 9, 4]) {
      const killed = runLanes({ store, items, topology: forgetful, kill: { lane, after_commits } })
      await expect(killed).rejects.toThrow(Killed)
      const broker = new SimulatedLog(store).connect()
      const numbers = lanes.lanes.map(({ number }) => number)
      const marks = new Marks(broker, FrontierMark as FrontierType, numbers)
      marks.pump()
      const keep = await neededOffsets(broker, planned, lanes, marks, new Set(numbers))
      dropped += await broker.trim(marks.frontier_us, keep)
    }
    expect(dropped).toBeGreaterThan(0)
    const lanes_after = await runLanes({ store, items, topology: forgetful })
    expect(lanes_after.state, lane).toBe(whole.state)
  }
})

test('a lane drops nothing that another lane writes, and no position of a source', async () => {
  const store = new MemoryStore()
  await runLanes({ store, items, topology: forgetful })
  const planned = plan(forgetful, world)
  const lanes = planLanes(planned)
  const broker = new SimulatedLog(store).connect()
  const marks = new Marks(
    broker,
    FrontierMark as FrontierType,
    lanes.lanes.map(({ number }) => number),
  )
  marks.pump()
  const gather = lanes.lanes.find(({ name }) => name === 'gather')!
  const keep = await neededOffsets(broker, planned, lanes, marks, new Set([gather.number]))
  expect(keep.get('ticks/0')).toBe(0)
  expect(keep.get('sums/2')).toBe(0)
  expect(keep.get('seen/0')).toBeGreaterThan(0)
  expect(keep.get(`${FRONTIERS}/0`)).toBe(0)
  expect(keep.get(`${JOURNAL}/0`)).toBe(0)
})

test('a stage that is added when marks were cut waits for every partition', async () => {
  const store = new MemoryStore()
  // One key is seen at the beginning only: the marks that are left do not speak of its partition.
  const early = items.slice(0, 60)
  const late = items.slice(60).filter(({ value }) => value.k !== early[0]?.value.k)
  // Once more: that everything is in a snapshot is said by the marks behind it.
  for (let run = 0; run < 2; run++) await runLanes({ store, items: [...early, ...late] })
  const planned = plan(toy, world)
  const lanes = planLanes(planned)
  const broker = new SimulatedLog(store).connect()
  const numbers = lanes.lanes.map(({ number }) => number)
  const marks = new Marks(broker, FrontierMark as FrontierType, numbers)
  marks.pump()
  const keep = await neededOffsets(broker, planned, lanes, marks, new Set(numbers))
  expect(await broker.trim(marks.frontier_us, keep)).toBeGreaterThan(0)
  expect(broker.partition(FRONTIERS, 0).start_offset).toBeGreaterThan(40)

  const sums = planned.topics.find(({ name }) => name === 'sums')!
  const partitions = Array.from({ length: sums.partitions }, (_, partition) => partition)
  const ends = partitions.map((partition) => broker.partition('sums', partition).end_offset)
  const least = ends.indexOf(Math.min(...ends.filter((end) => end > 0)))
  const withheld = new Set([`sums/${least}`])
  const feed = await Feed.open({
    broker: withholding(broker, withheld),
    lanes,
    mark: FrontierMark as FrontierType,
    producers: producerNumbers(planned),
    partitions: partitions.map((partition) => ({ topic: sums, partition, passed_us: NOTHING_US, index: 0 })),
  })
  for (let turn = 0; turn < 3; turn++) {
    feed.pump()
    await new Promise(setImmediate)
  }
  expect(feed.frontier_us).toBe(NOTHING_US)
  withheld.clear()
  const times: number[] = []
  for (feed.pump(); feed.next_us <= feed.frontier_us; feed.pump()) {
    feed.release(feed.next_us, ({ stream_time_us }) => times.push(stream_time_us))
  }
  expect(times).toHaveLength(ends.reduce((sum, end) => sum + end, 0))
  expect(times).toEqual([...times].sort((a, b) => a - b))
  await feed.close()
})

test('a stage that is added reads what nobody read before in order, too', async () => {
  const { sum } = toy.stages
  const { ticks: fed, sums: summed, dead } = toy.topics
  const small: Topology = { ...toy, topics: { ticks: fed!, sums: summed!, dead: dead! }, stages: { sum: sum! } }
  const store = new MemoryStore()
  await runLanes({ store, items, topology: small })
  const planned = plan(toy, world)
  const broker = new SimulatedLog(store).connect()
  const sums = planned.topics.find(({ name }) => name === 'sums')!
  const partitions = Array.from({ length: sums.partitions }, (_, partition) => partition)
  const ends = partitions.map((partition) => broker.partition('sums', partition).end_offset)
  const withheld = new Set([`sums/${ends.findIndex((end) => end > 0)}`])
  const feed = await Feed.open({
    broker: withholding(broker, withheld),
    lanes: planLanes(planned),
    mark: FrontierMark as FrontierType,
    producers: producerNumbers(planned),
    partitions: partitions.map((partition) => ({ topic: sums, partition, passed_us: NOTHING_US, index: 0 })),
  })
  feed.pump()
  expect(feed.frontier_us).toBe(NOTHING_US)
  withheld.clear()
  feed.pump()
  expect(feed.frontier_us).toBeGreaterThan(8_000)
  await feed.close()
})

/** The broker as one sees it to whom some partitions answer late. */
function withholding(broker: Reader, withheld: ReadonlySet<string>): Reader {
  return {
    ...broker,
    follow(from) {
      const follower = broker.follow(from)
      const isWithheld = (index: number) => withheld.has(`${from[index]?.topic}/${from[index]?.partition}`)
      return { ...follower, take: (index) => (isWithheld(index) ? undefined : follower.take(index)) }
    },
  }
}
