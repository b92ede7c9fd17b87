import { join } from 'node:path'
import { expect, it } from 'vitest'
import { graphCommand } from '../../cli/commands/graph.ts'
import type { Graph } from '../../runtime/topology/graph.ts'
import { freePorts } from '../servers/held.ts'
import { newFolder, start } from './command.ts'
import { inProcess } from './in-process.ts'

/** One process on the embedded broker is watched as one lane. */
it('aitrader up serves metrics and says when it is ready', async () => {
  const [port] = await freePorts(1)
  const running = start(['up', '--data', join(newFolder(), 'data'), '--listen', String(port)])
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined)
  let ended = false
  void running.ended.then(() => {
    ended = true
  })
  const until = async (wanted: (text: string) => boolean, path: string) => {
    for (;;) {
      const response = await get(path)
      const text = `${response?.status} ${await response?.text()}`
      if (wanted(text)) return text
      if (ended) throw new Error((await running.ended).stderr)
    }
  }
  await until((text) => text === '200 ready\n', '/ready')
  expect(await (await get('/health'))?.text()).toBe('ok\n')
  const text = await until((all) => /outcome="committed"\} [1-9]/.test(all), '/metrics')
  expect(text).toMatch(/^aitrader_records_total\{lane="all",topic="audit.raw-ticks.v1"\} [1-9]\d*$/m)
  expect(text).toMatch(/^aitrader_lanes 1$/m)
  expect(text).toMatch(/^aitrader_lanes_recovering 0$/m)
  expect(text).toMatch(/^aitrader_event_loop_delay_seconds_count\{thread="main"\} \d+$/m)
  expect(text).toMatch(/^aitrader_process_nodejs_eventloop_lag_p99_seconds \S+$/m)

  const { nodes, edges } = JSON.parse((await drawn(`http://127.0.0.1:${port}`, 'json')).stdout) as Graph
  const stages = new Set(nodes.filter(({ kind }) => kind === 'stage' || kind === 'effect').map(({ id }) => id))
  expect(stages.size).toBeGreaterThan(5)
  for (const { from, to, topic, live } of edges) {
    // Whoever reads from outside is not measured here.
    expect([from, to, topic, Number.isInteger(live?.lag_records)]).toEqual([from, to, topic, stages.has(to)])
  }
  const frames = edges.find(({ from, topic }) => from === 'source_feed' && topic === 'audit.raw-ticks.v1')
  expect(frames?.live?.records_per_s).toBeGreaterThan(0)
  const mermaid = (await drawn(`http://127.0.0.1:${port}/metrics`, 'mermaid')).stdout
  expect(mermaid).toMatch(/source_feed -- "audit\.raw-ticks\.v1 ×\d+, [\d,.]+\/s, lag [\d,]+" --> stage_normalizer/)

  running.child.kill('SIGTERM')
  expect((await running.ended).code).toBe(0)
  const gone = await drawn(`http://127.0.0.1:${port}`, 'json')
  expect(gone).toMatchObject({ code: 4, stdout: '' })
  expect(gone.stderr).toContain('PROCESS_UNREACHABLE')
})

function drawn(url: string, format: string) {
  return inProcess(graphCommand(), '--live', url, '--format', format)
}
