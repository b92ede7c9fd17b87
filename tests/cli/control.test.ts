import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDirectory } from '../../cli/reading.ts'
import { StageState } from '../../cli/stage-state.ts'
import type { Control, Order, OrderCommand } from '../../schemas/generated/index.ts'
import { aitrader, newFolder, start } from './command.ts'
import { type Reached, recordsOf, runTo } from './partial-run.ts'

/** A kill switch that does not stop orders is worse than none: what it stops, until when, and what is left of it. */

const folder = newFolder()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const orders = async (dir: string) =>
  (await recordsOf(dir, 'orders.gateway.v1')).filter(({ value }) => (value as OrderCommand).command === 'NEW')

describe('kill and resume while nobody runs the directory', () => {
  const dir = join(folder, 'offline')
  /** Simulated frames at which trading is halted, resumed, and at which all ends. */
  const [kill, resume, end] = [12_000, 24_000, 36_000]
  let reached: Reached
  let controls: { stream_time_us: number; value: Control }[] = []

  beforeAll(async () => {
    reached = await runTo({ dir, seed: 1, frames: kill })
    const killed = await aitrader('control', 'kill', '--data', dir, '--actor', 'desk-7', '--reason', 'drill', '--json')
    expect(killed.stderr).toBe('')
    expect(JSON.parse(killed.stdout)).toEqual({
      scope: 'firm',
      trading_state: 'HALTED',
      cancel_open: true,
      actor: 'desk-7',
      reason: 'drill',
      by: 'directory',
    })
    await runTo({ dir, seed: 1, frames: resume, like: reached })
    expect((await aitrader('control', 'resume', '--data', dir)).stdout).toContain('firm: trading resumed')
    await runTo({ dir, seed: 1, frames: end, like: reached })
    controls = (await recordsOf(dir, 'control.v1')) as typeof controls
  })

  test('the record stands just above the frontier', () => {
    expect(controls.map(({ value }) => value.trading_state)).toEqual(['HALTED', 'ACTIVE'])
    expect(controls[0]?.stream_time_us).toBe(reached.now_us + 1)
  })

  test('no order leaves between kill and resume, and orders leave before and after', async () => {
    const [from_us, to_us] = controls.map(({ stream_time_us }) => stream_time_us) as [number, number]
    const times = (await orders(dir)).map(({ stream_time_us }) => stream_time_us)
    expect(times.filter((time_us) => time_us < from_us).length).toBeGreaterThan(0)
    expect(times.filter((time_us) => time_us >= from_us && time_us < to_us)).toEqual([])
    expect(times.filter((time_us) => time_us >= to_us).length).toBeGreaterThan(0)
    // There was something to stop: decisions were made, and each was denied for this reason.
    const made = await recordsOf(dir, 'decisions.v1')
    const halted = made.filter(({ stream_time_us }) => stream_time_us > from_us && stream_time_us < to_us)
    const denied = (await recordsOf(dir, 'orders.state.v1'))
      .filter(({ stream_time_us }) => stream_time_us > from_us && stream_time_us < to_us)
      .map(({ value }) => value as Order)
      .filter(({ status }) => status === 'DENIED')
    expect(denied.length).toBeGreaterThan(0)
    expect(denied.length).toBe(halted.length)
    for (const { reason, verdicts } of denied) {
      expect(reason).toBe('TRADING_HALTED')
      expect(verdicts).toContainEqual({ control: 'P01', code: 'TRADING_HALTED', measured: 'firm', limit: 'ACTIVE' })
    }
  })

  test('what was recorded runs again to the same, control records included', async () => {
    const { reader } = await openDirectory(dir)
    try {
      const { start_offset, end_offset } = reader.partition('market.nbbo.v1', 0)
      expect(start_offset).toBe(0)
      const execution = new StageState(reader, reached.composition, 'execution')
      // It compares every record that comes out with the recorded one.
      await execution.at('market.nbbo.v1', 0, end_offset - 1)
    } finally {
      await reader.close()
    }
  })

  test('show tells what is in force', async () => {
    const shown = await aitrader('control', 'show', '--data', dir, '--json')
    expect(JSON.parse(shown.stdout)).toMatchObject({
      running: false,
      scopes: [{ scope: 'firm', trading_state: 'ACTIVE', actor: 'operator', reason: '', offset: 1 }],
    })
  })
})

describe('kill of a running process', () => {
  test('is durable when the command ends, survives a restart, and can be read beside the writer', async () => {
    const dir = join(folder, 'online')
    const running = start(['up', '--data', dir, '--speed', '20x'])
    await running.says('data in')
    const killed = await aitrader('control', 'kill', '--data', dir, '--scope', 'symbol:BTCUSDT', '--json')
    expect(killed.stderr).toBe('')
    expect(JSON.parse(killed.stdout)).toMatchObject({ scope: 'symbol:BTCUSDT', trading_state: 'HALTED', by: 'process' })
    const shown = await aitrader('control', 'show', '--data', dir)
    expect(shown.stdout).toMatch(
      /^a process runs this directory\nsymbol:BTCUSDT {2}HALTED {2}since 2026-01-05T.* by operator\n$/,
    )
    // A torn read would not come to what the journal says, and be refused.
    for (const stage of ['book-builder', 'execution', 'audit-sink']) {
      const read = await aitrader('state', stage, '--data', dir, '--json')
      expect(read, read.stderr).toMatchObject({ code: 0, stderr: '' })
    }
    running.child.kill('SIGKILL')
    await running.ended

    const trading = async () => {
      const state = await aitrader('state', 'execution', '--key', 'account', '--data', dir, '--json')
      return (JSON.parse(state.stdout) as { state: { trading: object } }).state.trading
    }
    expect(await trading()).toEqual({ 'symbol:BTCUSDT': 'HALTED' })
    const again = await aitrader('up', '--data', dir, '--for', '100ms')
    expect(again.code, again.stderr).toBe(0)
    expect(await trading()).toEqual({ 'symbol:BTCUSDT': 'HALTED' })
    const resumed = await aitrader('control', 'resume', '--data', dir, '--scope', 'symbol:BTCUSDT', '--json')
    expect(JSON.parse(resumed.stdout)).toMatchObject({ by: 'directory' })
    expect(await trading()).toEqual({})
  })
})

test('a wrong order is refused and leaves nothing', async () => {
  const dir = join(folder, 'wrong')
  await runTo({ dir, seed: 1, frames: 10 })
  const ended = await aitrader('control', 'kill', '--data', dir, '--scope', 'symbol:BTCUSD')
  expect(ended).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'aitrader: nothing here belongs to the scope symbol:BTCUSD (SCOPE_UNKNOWN)\n  did you mean `symbol:BTCUSDT`?\n',
  })
  expect(await recordsOf(dir, 'control.v1')).toEqual([])
})
