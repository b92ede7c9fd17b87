/** What watches the stages asks for metrics that exist, in files that its servers can read. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { METRICS, type MetricName } from '../../cli/metric-list.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const board = JSON.parse(read('deploy/grafana/dashboards/aitrader.json')) as {
  uid: string
  panels: {
    id: number
    type: string
    gridPos: Record<'x' | 'y' | 'w' | 'h', number>
    title: string
    targets?: { expr: string; legendFormat: string }[]
    datasource?: { uid: string }
  }[]
}
const rules = parse(read('deploy/prometheus/rules.yml')) as {
  groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[]
}
const alerts = rules.groups.flatMap((group) => group.rules)
const targets = board.panels.flatMap((panel) => panel.targets ?? [])

/** Names in a PromQL expression that are ours, without the suffixes of a histogram's parts. */
const metricsIn = (expr: string) =>
  (expr.match(/\baitrader_\w+/g) ?? []).map((name) => name.replace(/_(bucket|sum|count)$/, ''))

/** Every metric of ours, and prom-client's own under our prefix. */
function known(): Set<string> {
  const defaults = new Registry()
  collectDefaultMetrics({ register: defaults, prefix: 'aitrader_process_' })
  return new Set([...Object.keys(METRICS), ...defaults.getMetricsAsArray().map(({ name }) => name)])
}

describe('every metric that is asked for is one that we have', () => {
  const names = known()
  const asked = [
    ...board.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [`panel ${title}`, expr] as const)),
    ...alerts.map(({ alert, expr }) => [`alert ${alert}`, expr] as const),
  ]
  it.each(asked)('%s: %s', (_, expr) => {
    expect(metricsIn(expr).filter((name) => !names.has(name))).toEqual([])
  })
})

it('shows what an operator of Kafka asks for first', () => {
  const shown = new Set(board.panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => metricsIn(expr))))
  for (const name of [
    'aitrader_lag_records',
    'aitrader_commit_seconds',
    'aitrader_restore_ratio',
    'aitrader_transactions_total',
    'aitrader_rebalances_total',
    'aitrader_stable_offset_lag_records',
    'aitrader_process_nodejs_eventloop_lag_p99_seconds',
  ]) {
    expect(shown).toContain(name)
  }
})

it('draws from the data source that is provisioned, in panels of their own', () => {
  const { datasources } = parse(read('deploy/grafana/provisioning/datasources/prometheus.yml'))
  const uids = new Set(board.panels.flatMap(({ datasource }) => (datasource === undefined ? [] : [datasource.uid])))
  expect([...uids]).toEqual([datasources[0].uid])
  expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length)
})

it('scrapes the port that the stages listen on', () => {
  const compose = parse(read('docker-compose.yml'), { merge: true })
  const [job] = parse(read('deploy/prometheus/prometheus.yml')).scrape_configs
  expect(compose.services.stages.command).toContain(`--listen=0.0.0.0:${job.dns_sd_configs[0].port}`)
  expect(compose.services).toHaveProperty(job.dns_sd_configs[0].names[0])
})

/** Labels that the metrics of an expression have, or that Prometheus adds, or of a histogram's parts. */
const labelsIn = (expr: string) => {
  const ours = metricsIn(expr).flatMap((name) => METRICS[name as MetricName]?.labels ?? [])
  return ['instance', 'job', 'le', ...ours]
}
const splits = (lists: RegExpStringIterator<RegExpExecArray>) =>
  [...lists].flatMap(([, list]) => list!.split(',').map((one) => one.trim()))

describe('asks for labels that the metric has', () => {
  it.each([...targets, ...alerts].map(({ expr }) => expr))('%s', (expr) => {
    const by = splits(expr.matchAll(/\bby \(([^)]*)\)/g))
    const matched = splits(expr.matchAll(/\{([^}]*)\}/g)).map((one) => /^\w+/.exec(one)?.[0])
    expect([...by, ...matched].filter((label) => !labelsIn(expr).includes(label!))).toEqual([])
  })
})

describe('says only what it was answered', () => {
  const kept = (expr: string) => splits(expr.matchAll(/\bby \(([^)]*)\)/g))
  it.each(targets.map(({ expr, legendFormat }) => [legendFormat, expr]))('%s of %s', (legend, expr) => {
    const named = [...legend!.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label)
    const there = kept(expr!).length > 0 ? kept(expr!) : labelsIn(expr!)
    expect(named.filter((label) => !there.includes(label!))).toEqual([])
  })
  it.each(alerts.map(({ annotations, expr }) => [annotations.summary, expr]))('%s of %s', (summary, expr) => {
    const named = [...summary!.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label)
    const there = kept(expr!).length > 0 ? kept(expr!) : labelsIn(expr!)
    expect(named.filter((label) => !there.includes(label!))).toEqual([])
  })
})

it('shows every metric of feeds and sinks', () => {
  const shown = new Set(targets.flatMap(({ expr }) => metricsIn(expr)))
  const of_both = Object.keys(METRICS).filter((name) => /^aitrader_(feed|sink)_/.test(name))
  expect(of_both.filter((name) => !shown.has(name))).toEqual([])
})

it('watches feeds for silence, storms of connections, breaks, full queues and secrets, and sinks for failing and being behind', () => {
  const watched = new Set(alerts.flatMap(({ expr }) => metricsIn(expr)))
  for (const name of [
    'aitrader_feed_last_frame_age_seconds',
    'aitrader_feed_lines',
    'aitrader_feed_reconnects_total',
    'aitrader_feed_disconnects_total',
    'aitrader_feed_gaps_total',
    'aitrader_feed_snapshots_total',
    'aitrader_feed_queue_frames',
    'aitrader_feed_queue_bytes',
    'aitrader_feed_dropped_total',
    'aitrader_sink_failed',
    'aitrader_sink_behind_records',
    'aitrader_sink_pending_records',
  ]) {
    expect(watched).toContain(name)
  }
})

it('tells operators what each alert means', () => {
  const [, section] = read('docs/operations.md').split('## Alerts\n')
  const explained = [...section!.split('\n## ')[0]!.matchAll(/^\| `(\w+)` \| ([^|]{10,}) \| ([^|]{10,}) \|$/gm)]
  expect(explained.map(([, name]) => name)).toEqual(alerts.map(({ alert }) => alert))
})

it('has panels that do not lie on one another', () => {
  const cells = board.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
})

it('says of every metric on the page for operators what one does', () => {
  const named = [...read('docs/kafka-operations.md').matchAll(/`(aitrader_\w+)`/g)].map(([, name]) => name!)
  expect(named.length).toBeGreaterThan(5)
  expect(named.filter((name) => !known().has(name))).toEqual([])
})
