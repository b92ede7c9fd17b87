import { describe, expect, it } from 'vitest'
import type { Distribution, Sample } from '../../cli/exposition.ts'
import { LaneMeter, type LaneSample } from '../../cli/run/metrics-meter.ts'
import type { FaultPlan } from '../../runtime/log/fault-plan.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { type Plan, plan } from '../../runtime/plan/plan.ts'
import { runLanes } from '../runtime/lanes.ts'
import { Killed, runToy, ticks, toy, world } from '../runtime/toy.ts'

/** What a lane has counted is what it wrote, over all engines that ran it. */

const whole: Plan = plan(toy, world)

function newMeter() {
  const told: { event: string; detail: Readonly<Record<string, unknown>> }[] = []
  const meter = new LaneMeter('all', whole.topics, (event, detail) => told.push({ event, detail }))
  return { meter, told }
}

const value = ({ samples }: LaneSample, name: Sample['name'], labels: Record<string, string> = {}) =>
  samples.find((one) => {
    return one.name === name && Object.entries(labels).every(([label, text]) => one.labels[label] === text)
  })?.value

describe('the meter of a lane', () => {
  it('counts the records of every topic', async () => {
    const { meter } = newMeter()
    const { digests, commits } = await runToy({
      store: new MemoryStore(),
      items: ticks(200),
      observer: meter.observe({}),
    })
    const sample = meter.sample()
    for (const [topic, { records }] of Object.entries(digests)) {
      expect([topic, value(sample, 'aitrader_records_total', { topic }) ?? 0]).toEqual([topic, records])
    }
    expect(value(sample, 'aitrader_transactions_total', { outcome: 'committed' })).toBe(commits)
    const seconds = value(sample, 'aitrader_commit_seconds') as Distribution
    expect(seconds.counts.reduce((a, b) => a + b)).toBe(commits)
    expect(seconds.sum).toBeGreaterThan(0)
  })

  it('tells of equal faults at the 1st, 2nd, 4th, 8th... with the id of the record', async () => {
    const { meter, told } = newMeter()
    await runToy({ store: new MemoryStore(), items: ticks(110), observer: meter.observe({}) })
    expect(value(meter.sample(), 'aitrader_faults_total', { stage: 'sum', code: 'NEGATIVE' })).toBe(10)
    const negative = told.filter(({ detail }) => detail.code === 'NEGATIVE')
    expect(negative.map(({ event, detail }) => [event, detail.count])).toEqual(
      [1, 2, 4, 8].map((count) => ['record refused', count]),
    )
    expect(negative[0]?.detail).toMatchObject({ lane: 'all', stage: 'sum', correlation_id: 'feed:10' })
  })

  it('counts commits that were refused and sent again', async () => {
    const { meter } = newMeter()
    const faults: FaultPlan = (number) => ({ kind: number % 3 === 1 ? 'not_written' : 'done' })
    await runToy({ store: new MemoryStore(), items: ticks(200), faults, observer: meter.observe({}) })
    const sample = meter.sample()
    const committed = value(sample, 'aitrader_transactions_total', { outcome: 'committed' }) as number
    expect(committed).toBeGreaterThan(3)
    expect(value(sample, 'aitrader_transactions_total', { outcome: 'aborted' })).toBe(Math.floor(committed / 2))
  })

  it('passes on what the engine tells', async () => {
    const { meter } = newMeter()
    let [emitted, begun, durable] = [0, 0, 0]
    const next = { emitted: () => emitted++, committing: () => begun++, durable: () => durable++ }
    const observer = meter.observe(next as never)
    const { digests, commits } = await runToy({ store: new MemoryStore(), items: ticks(50), observer })
    const records = Object.values(digests).reduce((sum, topic) => sum + topic.records, 0)
    expect([emitted, begun, durable]).toEqual([records, commits, commits])
  })

  it('goes on counting where a lane is opened anew, and says whose lane was taken', () => {
    const { meter } = newMeter()
    const first = meter.observe({})
    first.durable?.(1)
    first.restoring?.(1, 30)
    meter.stopped(true)
    const stopped = meter.sample()
    expect(stopped).toMatchObject({ running: false, recovering: false, frontier_us: 0, inputs: [] })
    expect(value(stopped, 'aitrader_restore_ratio')).toBeUndefined()
    const second = meter.observe({})
    second.restoring?.(0.25, 5)
    const sample = meter.sample()
    expect(sample).toMatchObject({ running: true, recovering: true })
    expect(value(sample, 'aitrader_restore_ratio')).toBe(0.25)
    expect(value(sample, 'aitrader_restored_records_total')).toBe(35)
    expect(value(sample, 'aitrader_transactions_total', { outcome: 'committed' })).toBe(1)
    expect(value(sample, 'aitrader_transactions_total', { outcome: 'fenced' })).toBe(1)
  })

  it('says how far a lane has recovered, never going back, up to all of it', async () => {
    const store = new MemoryStore()
    // Snapshots so seldom that a killed lane has much to read again.
    const stages = Object.entries(toy.stages).map(
      ([name, stage]) => [name, { ...stage, snapshot_every: 1000 }] as const,
    )
    const topology = { ...toy, stages: Object.fromEntries(stages) }
    const items = ticks(300)
    await expect(
      runLanes({ topology, store, items, kill: { lane: 'gather', after_commits: 8 } }),
    ).rejects.toBeInstanceOf(Killed)
    const told = new Map<string, [ratio: number, records: number][]>()
    await runLanes({
      topology,
      store,
      items,
      observe: ({ name }) => ({ restoring: (...far) => told.set(name, [...(told.get(name) ?? []), far]) }),
    })
    const far = told.get('gather')!
    expect(far.length).toBeGreaterThan(10)
    expect(far).toEqual(far.toSorted(([a, m], [b, n]) => a - b || m - n))
    expect(far.at(-1)![0]).toBe(1)
    expect(far.at(-1)![1]).toBeGreaterThan(10)
  })
})
