import { describe, expect, it } from 'vitest'
import { expose } from '../../cli/exposition.ts'
import { RunMetrics, type RunMetricsOptions, type ThreadSample } from '../../cli/run/metrics.ts'
import { MetricsLine, renderStanding } from '../../cli/run/metrics-line.ts'
import type { LaneSample } from '../../cli/run/metrics-meter.ts'
import type { Cluster } from '../../connectors/kafka/cluster.ts'
import { AppError } from '../../runtime/api/index.ts'

const EVENT_LOOP = { bounds: [1], counts: [3, 0], sum: 0.5 }
const SECOND = 1_000_000

function lane(name: string, as: Partial<LaneSample> & { readonly ratio?: number } = {}): LaneSample {
  const { ratio = 1, ...rest } = as
  return {
    lane: name,
    running: true,
    recovering: false,
    frontier_us: 10 * SECOND,
    inputs: [],
    samples: [
      { name: 'aitrader_restore_ratio', labels: { lane: name }, value: ratio },
      { name: 'aitrader_records_total', labels: { lane: name, topic: 't' }, value: 7 },
    ],
    ...rest,
  }
}

/** A cluster whose partitions end here, by the last stable offset and by the high watermark. */
function cluster(ends: Readonly<Record<string, readonly [stable: number, latest: number]>>): Cluster {
  const request = async (_to: unknown, _request: unknown, { isolation, topics }: Asked) => ({
    partitions: topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition }) => {
        const [stable, latest] = ends[`${topic}/${partition}`] as readonly [number, number]
        return { topic, partition, error_code: 0, offset: isolation === 'read_committed' ? stable : latest }
      }),
    ),
  })
  return { leader: async () => 1, request } as unknown as Cluster
}

interface Asked {
  readonly isolation: string
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly { readonly partition: number }[] }[]
}

function metrics(
  lanes: readonly LaneSample[],
  as: {
    readonly assigned?: readonly string[] | null
    readonly ended?: readonly string[]
    readonly newest_us?: number
    readonly cluster?: Cluster
  } = {},
): RunMetrics {
  const { assigned = lanes.map((one) => one.lane), ended = [], newest_us = 0 } = as
  const hosts = new Map(lanes.filter(({ running }) => running).map((one) => [one.lane, one]))
  const thread: ThreadSample = { thread: '1', lanes, event_loop: EVENT_LOOP }
  const options: RunMetricsOptions = {
    threads: async () => [thread],
    fleet: {
      hosts,
      rebalances: 4,
      assigned: assigned === null ? undefined : new Set(assigned),
      ended: new Set(ended),
    },
    marks: { standing: new Map([[0, { frontier_us: newest_us, needed_us: 0, ended: false }]]) },
    cluster: as.cluster ?? cluster({}),
    kafkaName: (topic) => `on-kafka.${topic}`,
  }
  return new RunMetrics(options)
}

describe('a process is ready', () => {
  it.each([
    ['when every lane that it was given has recovered', metrics([lane('a'), lane('b')]), true],
    ['as a spare that was given none', metrics([], { assigned: [] }), true],
    ['not before the group has shared out the lanes', metrics([], { assigned: null }), false],
    ['not while a lane recovers', metrics([lane('a'), lane('b', { recovering: true })]), false],
    ['not while a lane waits for its former owner', metrics([lane('a')], { assigned: ['a', 'b'] }), false],
    ['not where a lane stopped and is to be opened anew', metrics([lane('a', { running: false })]), false],
    ['when a lane has run to its end', metrics([lane('a', { running: false })], { ended: ['a'] }), true],
  ])('%s', async (_what, process, ready) => {
    expect(await process.ready()).toBe(ready)
  })
})

describe('the metrics of a process', () => {
  it('say how many lanes it runs, and how far each is behind the newest anywhere', async () => {
    const lanes = [lane('a', { frontier_us: 9 * SECOND }), lane('b', { recovering: true, frontier_us: 0, ratio: 0.5 })]
    const text = expose(await metrics(lanes, { newest_us: 12 * SECOND }).samples())
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    expect(lines).toEqual([
      'aitrader_records_total{lane="a",topic="t"} 7',
      'aitrader_records_total{lane="b",topic="t"} 7',
      'aitrader_behind_seconds{lane="a"} 3',
      'aitrader_lanes 2',
      'aitrader_lanes_recovering 1',
      'aitrader_restore_ratio{lane="a"} 1',
      'aitrader_restore_ratio{lane="b"} 0.5',
      'aitrader_rebalances_total 4',
      'aitrader_event_loop_delay_seconds_bucket{thread="1",le="1"} 3',
      'aitrader_event_loop_delay_seconds_bucket{thread="1",le="+Inf"} 3',
      'aitrader_event_loop_delay_seconds_sum{thread="1"} 0.5',
      'aitrader_event_loop_delay_seconds_count{thread="1"} 3',
    ])
  })

  const inputs = [
    { topic: 't', partition: 0, offset: 40, held: 2 },
    { topic: 't', partition: 1, offset: 10, held: 0 },
  ]
  const lags = async (of: Cluster) => {
    const samples = await metrics([lane('a', { inputs }), lane('b', { inputs: inputs.slice(1) })], {
      cluster: of,
    }).samples()
    return expose(samples)
      .split('\n')
      .filter((line) => /^aitrader_(lag|stable)/.test(line))
  }

  it('say what is committed and not worked off, and what an open transaction keeps back', async () => {
    // What was taken is sometimes behind the end that the broker told a moment before: that is no lag.
    const ends = { 'on-kafka.t/0': [50, 57], 'on-kafka.t/1': [9, 9] } as const
    expect(await lags(cluster(ends))).toEqual([
      'aitrader_lag_records{lane="a",topic="t"} 12',
      'aitrader_lag_records{lane="b",topic="t"} 0',
      'aitrader_stable_offset_lag_records{topic="t"} 7',
    ])
  })

  it('are there without these where the broker does not answer', async () => {
    const dead = {
      leader: async () => {
        throw new AppError('KAFKA_UNREACHABLE', 'gone', { exit_code: 4 })
      },
    } as unknown as Cluster
    expect(await lags(dead)).toEqual([])
  })
})

describe('the line on a terminal', () => {
  const standing = {
    lanes: 3,
    recovering: 0,
    restored: 1,
    records: 0,
    faults: 0,
    frontier_us: Date.UTC(2026, 0, 5, 0, 0, 41, 998) * 1000,
    behind_us: 0,
  }

  it.each([
    [standing, 12_345.6, '3 lanes · 12,346 records/s · 2026-01-05 00:00:41.998'],
    [{ ...standing, behind_us: 1_260_000 }, 5, '3 lanes · 5.0 records/s · 2026-01-05 00:00:41.998, 1.3 s behind'],
    [{ ...standing, lanes: 1, faults: 1 }, 0, '1 lane · 0 records/s · 2026-01-05 00:00:41.998 · 1 fault'],
    [{ ...standing, recovering: 2, restored: 0.419, frontier_us: 0 }, 0, '3 lanes · 2 recovering, 41% · 0 records/s'],
    [{ ...standing, lanes: 0, frontier_us: 0 }, 0, 'no lane: a spare · 0 records/s'],
  ])('says how the process stands, %#', (of, per_s, text) => {
    expect(renderStanding(of, per_s)).toBe(text)
  })

  it('comes of what the lanes say', async () => {
    const lanes = [
      lane('a', { frontier_us: 9 * SECOND }),
      lane('b', { frontier_us: 8 * SECOND }),
      lane('c', { recovering: true, frontier_us: 0, ratio: 0.25 }),
    ]
    expect(await metrics(lanes, { newest_us: 10 * SECOND }).standing()).toEqual({
      lanes: 3,
      recovering: 1,
      restored: 0.25,
      records: 21,
      faults: 0,
      frontier_us: 8 * SECOND,
      behind_us: 2 * SECOND,
    })
  })

  it('says of a lane that no thread has told of yet that nothing of it has recovered', async () => {
    const untold = { ...lane('a'), running: true, recovering: true, samples: [] }
    expect(await metrics([untold, lane('b')]).standing()).toMatchObject({ lanes: 2, recovering: 1, restored: 0 })
  })

  it('is none where nobody sees it: words stand by themselves', () => {
    const written: string[] = []
    for (const [isTTY, json] of [
      [false, false],
      [true, true],
    ] as const) {
      const stream = { isTTY, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream
      const line = new MetricsLine(stream, json)
      line.start(async () => standing)
      line.say('a word')
      line.stop()
    }
    expect(written).toEqual(['a word\n', 'a word\n'])
  })

  it('is written over itself, words above it', async () => {
    const written: string[] = []
    let [drawn, isDrawn] = [Promise.resolve(), () => {}]
    const next = () => {
      drawn = new Promise((resolve) => {
        isDrawn = resolve
      })
    }
    next()
    const write = (text: string) => {
      written.push(text)
      isDrawn()
    }
    const stream = { isTTY: true, columns: 21, write, writableNeedDrain: false } as unknown as NodeJS.WriteStream
    const line = new MetricsLine(stream, false)
    line.start(async () => standing)
    await drawn
    line.say('a word')
    line.stop()
    expect(written).toEqual(['\r\x1b[K3 lanes · 0 records/', '\r\x1b[Ka word\n3 lanes · 0 records/', '\r\x1b[K'])
  })
})
