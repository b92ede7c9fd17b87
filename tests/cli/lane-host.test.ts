import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compose, loadTopology, ROOT } from '../../cli/compose.ts'
import { LaneHost, type LaneSetting } from '../../cli/run/lane-host.ts'
import { kafkaOf } from '../../cli/run/target.ts'
import { AppError, type Broker } from '../../runtime/api/index.ts'
import { frontiersTopic } from '../../runtime/engine/frontiers.ts'
import { journalTopic } from '../../runtime/engine/journal.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { planLanes } from '../../runtime/plan/lanes.ts'
import { topicSpecs } from '../../runtime/plan/topics.ts'

/** Runs one lane whose first reading of its state fails with this code; answers what is logged until it runs or ends. */
async function laneAfter(code: string) {
  const topology = await loadTopology(join(ROOT, 'topology/crypto.yaml'))
  const composition = await compose(topology, null, 1)
  const lanes = planLanes(composition.plan)
  const broker = new SimulatedLog(new MemoryStore()).connect()
  await broker.declare([...topicSpecs(composition.plan), journalTopic(composition.plan), frontiersTopic(lanes)])
  let failures = 0
  const failing: Broker = {
    ...broker,
    get: async (store, key) => {
      if (failures++ === 0) throw new AppError(code, 'the broker is slow', { exit_code: 4 })
      return broker.get(store, key)
    },
  }
  const events: string[] = []
  let recovered = () => {}
  const setting: LaneSetting = {
    ...{ composition, lanes, kafka: kafkaOf(topology), broker: failing },
    codecs: { prepare: () => undefined, get: (_id, type) => (buf, pos, end) => type.decode(buf, pos, end) },
    schemaId: () => 1,
    source: undefined,
    speed: Number.POSITIVE_INFINITY,
    once: false,
    observer: () => ({}),
    log: (event, detail) => {
      events.push(event === 'lane interrupted' ? `${event}: ${String(detail.error)}` : event)
      if (event === 'lane recovered') recovered()
    },
  }
  const lane = lanes.lanes.find(({ name }) => name === 'trading')
  if (lane === undefined) throw new Error('the shipped topology has no lane `trading`')
  const runs = new Promise<void>((resolve) => {
    recovered = resolve
  })
  const host = new LaneHost(lane, setting)
  await Promise.race([runs, host.end])
  return { events, end: await host.drain() }
}

test.each(['MARKERS_LATE', 'KAFKA_UNREACHABLE', 'COMMIT_UNKNOWN'])(
  'a lane is opened anew where the outside world is late: %s',
  async (code) => {
    const { events, end } = await laneAfter(code)
    expect(events).toEqual(['lane interrupted: the broker is slow', 'lane recovered', 'lane stopped'])
    expect(end).toEqual({ kind: 'stopped' })
  },
)

test('a lane ends with what does not pass', async () => {
  const { events, end } = await laneAfter('STATE_UNRECOVERABLE')
  expect(events).toEqual([])
  expect(end).toMatchObject({ kind: 'failed', error: { code: 'STATE_UNRECOVERABLE' } })
})
