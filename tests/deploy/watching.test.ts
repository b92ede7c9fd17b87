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
  panels: { id: number; type: string; title: string; targets?: { expr: string }[]; datasource?: { uid: string } }[]
}
const rules = parse(read('deploy/prometheus/rules.yml')) as {
  groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[]
}

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
    ...rules.groups.flatMap((group) => group.rules.map(({ alert, expr }) => [`alert ${alert}`, expr] as const)),
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

it('asks for labels that the metric has', () => {
  const asked = [
    ...board.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...rules.groups.flatMap((group) => group.rules.map(({ expr }) => expr)),
  ]
  // Added by Prometheus, or one of a histogram's parts.
  const added = ['instance', 'job', 'le']
  for (const expr of asked) {
    const by = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list]) => list!.split(',').map((one) => one.trim()))
    const has = metricsIn(expr).flatMap((name) => METRICS[name as MetricName]?.labels ?? [])
    expect(
      by.filter((label) => ![...has, ...added].includes(label)),
      expr,
    ).toEqual([])
  }
})

it('says of every metric on the page for operators what one does', () => {
  const named = [...read('docs/kafka-operations.md').matchAll(/`(aitrader_\w+)`/g)].map(([, name]) => name!)
  expect(named.length).toBeGreaterThan(5)
  expect(named.filter((name) => !known().has(name))).toEqual([])
})
