import { join } from 'node:path'
import { expect, it } from 'vitest'
import { freePorts } from '../servers/held.ts'
import { newFolder, start } from './command.ts'

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
  running.child.kill('SIGTERM')
  expect((await running.ended).code).toBe(0)
})
