import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { graphCommand } from '../../cli/commands/graph.ts'
import type { Summary } from '../../cli/summary.ts'
import type { Graph } from '../../runtime/topology/graph.ts'
import { freePorts } from '../servers/held.ts'
import { describeWithKafkaAndRegistry } from '../servers/index.ts'
import { aitrader, capture, captureLines, type Ended, newFolder, type Started, start } from './command.ts'
import { inProcess } from './in-process.ts'
import { newWorld, type World } from './kafka-world.ts'

/** A process on Kafka as those who watch it see it: metrics, readiness, log. */

const FRAMES_MS = 4_000

describeWithKafkaAndRegistry('aitrader run, watched', (servers) => {
  const folder = newFolder()
  const log = join(folder, 'log.jsonl')
  let world: World
  let file: string
  let port: number
  let frames: number
  let running: Started

  beforeAll(async () => {
    world = await newWorld(servers)
    const lines = await captureLines(3, FRAMES_MS, 500)
    frames = lines.length
    file = capture(folder, 'capture.txt', lines)
    ;[port] = (await freePorts(1)) as [number]
  })
  afterAll(async () => {
    running?.child.kill('SIGKILL')
    await world.close()
  })

  const replay = () => ['--topology', world.file, '--replay', file, '--format', 'binance-spot']
  const run = () => {
    const at = ['--kafka', servers.bootstrap, '--registry', servers.registry, '--threads', '2', '--name', 'watched']
    running = start(['run', ...at, ...replay(), '--listen', String(port), '--log', log])
  }
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined)
    return { status: response?.status, text: (await response?.text()) ?? '' }
  }
  /** Asks until the answer is as wanted, or the process has ended. */
  const until = async <T>(look: () => Promise<T>, wanted: (found: T) => boolean): Promise<T> => {
    let ended: Ended | undefined
    void running.ended.then((end) => {
      ended = end
    })
    for (;;) {
      const found = await look()
      if (wanted(found)) return found
      if (ended !== undefined) throw new Error(`it ended: ${ended.stderr}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const metrics = async () => new Metrics((await get('/metrics')).text)
  const events = () =>
    readFileSync(log, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string; level: number; time: string; lane?: string })

  it('is ready when its lanes have recovered, and counts what it writes', async () => {
    run()
    await until(
      () => get('/health'),
      ({ status }) => status === 200,
    )
    await until(
      () => get('/ready'),
      ({ status }) => status === 200,
    )
    const whole = await aitrader('up', '--data', join(folder, 'up'), '--once', '--json', ...replay())
    const { topics } = JSON.parse(whole.stdout) as Summary
    const records = (found: Metrics, topic: string) => found.sum('aitrader_records_total', { topic })
    // When everything is worked off, each lane has counted what one process would have written.
    const found = await until(
      metrics,
      (now) =>
        Object.entries(topics).every(([topic, { records: all }]) => records(now, topic) === all) &&
        now.sum('aitrader_lag_records') + now.sum('aitrader_pending_records') + now.sum('aitrader_behind_seconds') ===
          0,
    )
    expect(records(found, world.topic('audit.raw-ticks.v1'))).toBe(frames)
    expect(found.labels('aitrader_stream_time_seconds', 'lane')).toEqual(['audit', 'market', 'trading'])
    expect(found.sum('aitrader_lanes')).toBe(3)
    expect(found.sum('aitrader_lanes_recovering')).toBe(0)
    expect(found.values('aitrader_restore_ratio')).toEqual([1, 1, 1])
    expect(found.sum('aitrader_restored_records_total')).toBe(0)
    expect(found.sum('aitrader_rebalances_total')).toBeGreaterThan(0)
    expect(found.sum('aitrader_stable_offset_lag_records')).toBe(0)
    expect(found.sum('aitrader_queue_records')).toBe(0)
    for (const lane of ['audit', 'market', 'trading']) {
      const committed = found.sum('aitrader_transactions_total', { lane, outcome: 'committed' })
      expect(committed).toBeGreaterThan(0)
      expect(found.sum('aitrader_commit_seconds_count', { lane })).toBe(committed)
      expect(found.sum('aitrader_transactions_total', { lane, outcome: 'fenced' })).toBe(0)
    }
    expect(found.labels('aitrader_event_loop_delay_seconds_count', 'thread')).toEqual(['1', '2', 'main'])
    expect(found.sum('aitrader_process_process_start_time_seconds')).toBeGreaterThan(0)
    expect((await get('/other')).status).toBe(404)
  })

  it('is drawn with what flows and what waits on every edge', async () => {
    const url = `http://127.0.0.1:${port}`
    const { stdout } = await inProcess(graphCommand(), world.file, '--live', url, '--format', 'json')
    const { nodes, edges } = JSON.parse(stdout) as Graph
    const stages = new Set(nodes.filter(({ kind }) => kind === 'stage' || kind === 'effect').map(({ id }) => id))
    const read = edges.filter(({ to }) => stages.has(to))
    expect(read.length).toBeGreaterThan(20)
    // The replay is over and everything is worked off.
    for (const edge of read) expect(edge).toMatchObject({ live: { records_per_s: 0, lag_records: 0 } })
  })

  it('has its records carried into files, each once, by `aitrader sink`', async () => {
    const topic = world.topic('market.nbbo.v1')
    const out = join(folder, 'kept')
    const overlay = join(folder, 'sinks.yaml')
    writeFileSync(overlay, `sinks:\n  kept: { use: file, topics: [${topic}], params: { folder: ${out} } }\n`)
    const cluster = ['--kafka', servers.bootstrap, '--registry', servers.registry, '--topology', world.file]
    const there = (await aitrader('topic', 'read', topic, '--json', ...cluster)).stdout
    const kept = () => {
      const names = existsSync(out) ? readdirSync(out, { recursive: true, encoding: 'utf8' }).sort() : []
      return names
        .filter((name) => name.endsWith('.jsonl'))
        .map((name) => readFileSync(join(out, name), 'utf8'))
        .join('')
    }
    expect(there.length).toBeGreaterThan(1_000)
    // Once more begins where the first was stopped.
    for (const life of [1, 2]) {
      const sink = start(['sink', '--overlay', overlay, ...cluster, '--json'])
      await sink.says('carrying kept')
      await until(
        async () => kept(),
        (now) => now.length === there.length,
      )
      sink.child.kill('SIGTERM')
      const { code, stdout, stderr } = await sink.ended
      expect(code, stderr).toBe(0)
      if (life === 1)
        expect(JSON.parse(stdout)).toEqual({ sink: 'kept', records: { [topic]: there.trimEnd().split('\n').length } })
    }
    expect(kept()).toBe(there)
  })

  it('says what it reads again after a kill', async () => {
    running.child.kill('SIGKILL')
    await running.ended
    run()
    await until(
      () => get('/ready'),
      ({ status }) => status === 200,
    )
    const found = await metrics()
    expect(found.values('aitrader_restore_ratio')).toEqual([1, 1, 1])
    expect(found.sum('aitrader_restored_records_total')).toBeGreaterThan(0)
    expect(found.sum('aitrader_records_total')).toBe(0)
  })

  it('writes what happened to the log, and nothing of it to stderr', async () => {
    running.child.kill('SIGTERM')
    const { code, stderr } = await running.ended
    expect(stderr).toBe('stopping: the last commits and snapshots are being written\n')
    expect(code).toBe(0)
    const all = events()
    const second = all.slice(all.findLastIndex(({ msg }) => msg === 'started'))
    expect(second[0]).toMatchObject({ msg: 'started', topology: world.name, level: 30 })
    const lanes = (event: string) => second.filter(({ msg }) => msg === event).map(({ lane }) => lane)
    expect(lanes('lane recovered').sort()).toEqual(['audit', 'market', 'trading'])
    expect(lanes('lane stopped').sort()).toEqual(['audit', 'market', 'trading'])
    expect(second.filter(({ msg }) => msg === 'lanes shared out').at(-1)).toMatchObject({
      own: ['audit', 'market', 'trading'],
    })
    expect(all.filter(({ level }) => level > 30)).toEqual([])
  })

  it('refuses an address that it cannot listen on', async () => {
    const at = ['--kafka', servers.bootstrap, '--registry', servers.registry]
    const { code, stderr } = await aitrader('run', ...at, ...replay(), '--listen', 'here')
    expect([code, stderr]).toEqual([
      2,
      'aitrader: --listen here is no address (BAD_OPTION)\n  write PORT or HOST:PORT\n',
    ])
  })
})

/** What `/metrics` says. */
class Metrics {
  private readonly found: { name: string; labels: Record<string, string>; value: number }[] = []

  constructor(text: string) {
    for (const [, name, labels, value] of text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)) {
      const pairs = [...(labels ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, label, of]) => [label!, of!] as const)
      this.found.push({ name: name!, labels: Object.fromEntries(pairs), value: Number(value) })
    }
  }

  values(name: string, labels: Record<string, string> = {}): number[] {
    const as = Object.entries(labels)
    return this.found
      .filter((one) => one.name === name && as.every(([label, value]) => one.labels[label] === value))
      .map(({ value }) => value)
  }

  sum(name: string, labels?: Record<string, string>): number {
    return this.values(name, labels).reduce((sum, value) => sum + value, 0)
  }

  labels(name: string, label: string): string[] {
    return [...new Set(this.found.filter((one) => one.name === name).map(({ labels }) => labels[label] ?? ''))].sort()
  }
}
