/** Execution and simulated venue joined by the runtime, with the venue misbehaving and the process crashing. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { shippedWorld } from '../../cli/world.ts'
import { draw } from '../../processors/venue-simulator/random.ts'
import { TestDriver } from '../../runtime/api/test-driver.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { lint } from '../../runtime/topology/lint.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import type { Decision, ExecutionReport, Fill, Order, OrderCommand, Position } from '../../schemas/generated/index.ts'
import { bookUpdate, control, decision, instrument, NOON_US, nbbo } from './execution-records.ts'

const world = await shippedWorld()
const text = readFileSync(new URL('../../topology/crypto.yaml', import.meta.url), 'utf8')
const shipped = lint(text, 'crypto.yaml', world).topology as Topology

const CHAOS = {
  duplicate_ppm: 200_000,
  reorder_ppm: 150_000,
  lost_ack_ppm: 100_000,
  bust_ppm: 100_000,
  delay_us: 30_000,
}
const MS = 1_000

function topologyOf(simulator: Record<string, unknown>, execution: Record<string, unknown>): Topology {
  const stages = { ...shipped.stages }
  for (const [name, params] of Object.entries({ 'venue-simulator': simulator, execution })) {
    const stage = stages[name] as NonNullable<(typeof stages)[string]>
    stages[name] = { ...stage, params: { ...stage.params, ...params } as typeof stage.params }
  }
  return { ...shipped, stages }
}

const LOOSE = {
  max_position_value: 1_000_000,
  max_gross_value: 1_000_000,
  max_order_value: 1_000_000,
  max_daily_loss: 1_000_000,
  max_drawdown: 1_000_000,
  max_messages_per_second: 1_000,
  max_messages_per_minute: 1_000,
  duplicate_window_ms: 1,
  max_depth_percent: 10_000,
  order_timeout_ms: 5_000,
}

/** What happens in instant `i`: a book and its quote, now and then a decision, at last a kill. Drawn from the seed. */
async function instant(driver: TestDriver, seed: number, i: number, last: boolean): Promise<void> {
  const at_us = NOON_US + i * 20 * MS
  const pick = (what: string, n: number) => draw(seed, what, i, 'partial') % n
  const middle = 10_000 + (pick('middle', 9) - 4) * 5
  const top = { sequence: i + 1, event_time_us: at_us + 1_270_000, receive_time_us: at_us }
  const levels = {
    b: [[middle - 5, 400 + pick('bid', 50) * 10]],
    a: [[middle + 5, 400 + pick('ask', 50) * 10]],
  } as const
  const quote = { bid_px: middle - 5, bid_qty: levels.b[0][1], ask_px: middle + 5, ask_qty: levels.a[0][1] }
  const wish: Partial<Decision> = {
    decision_id: `s-${i}`,
    side: pick('side', 2) === 0 ? 'BUY' : 'SELL',
    qty: (2 + pick('qty', 90)) * 10,
    limit_px: middle + (pick('limit', 5) - 2) * 5,
    time_in_force: (['IOC', 'FOK', 'GTC'] as const)[pick('tif', 3)] ?? 'IOC',
    event_time_us: top.event_time_us,
    receive_time_us: at_us,
  }
  await driver.giveAll(at_us, [
    ['market.books.v1', [bookUpdate({ ...levels, ...top })]],
    ['market.nbbo.v1', [nbbo({ ...quote, ...top })]],
    ['decisions.v1', pick('act', 2) === 0 ? [decision(wish)] : []],
    ['control.v1', last ? [control({ trading_state: 'HALTED', cancel_open: true })] : []],
  ])
}

/** Plays `instants`; `crash` says before which of them the process dies and starts again on what is durable. */
async function play(seed: number, instants: number, crash: (i: number) => boolean = () => false): Promise<TestDriver> {
  const topology = topologyOf({ seed, partial_fill_ppm: 200_000, chaos: CHAOS }, LOOSE)
  const store = new MemoryStore()
  const open = () => TestDriver.open({ topology, stages: ['execution', 'venue-simulator'], world, store })
  let driver = await open()
  await driver.give('reference.instruments.v1', 0, instrument())
  for (let i = 0; i < instants; i++) {
    await instant(driver, seed, i, i === instants - 30)
    await driver.commit()
    if (crash(i)) driver = await open()
  }
  await driver.advance(NOON_US + 3_600_000 * MS)
  await driver.commit()
  return driver
}

const values = async <T>(driver: TestDriver, topic: string) =>
  (await driver.read<T>(topic)).map((record) => record.value)

describe('execution and venue together', () => {
  it.each([1, 2, 3])('agree whatever the venue does to its reports (seed %i)', async (seed) => {
    const driver = await play(seed, 200)
    const commands = await values<OrderCommand>(driver, 'orders.gateway.v1')
    const reports = await values<ExecutionReport>(driver, 'executions.v1')
    const fills = await values<Fill>(driver, 'fills.global.v1')
    const positions = await values<Position>(driver, 'positions.v1')
    const orders = await values<Order>(driver, 'orders.state.v1')

    // Everything that can go wrong did.
    const ids = reports.map((one) => one.exec_id)
    expect(new Set(ids).size).toBeLessThan(ids.length)
    expect(reports.some((one) => one.exec_type === 'TRADE_CANCEL')).toBe(true)
    expect(commands.some((one) => one.command === 'CANCEL')).toBe(true)
    expect(fills.length).toBeGreaterThan(20)

    // No ClOrdID twice; no ExecID booked twice.
    expect(new Set(commands.map((one) => one.cl_ord_id)).size).toBe(commands.length)
    expect(new Set(fills.map((one) => one.exec_id)).size).toBe(fills.length)

    // The position is what the venue executed and did not take back, each report counted once.
    const signed = (one: ExecutionReport | Fill, qty: number) => (one.side === 'BUY' ? qty : -qty)
    const once = [...new Map(reports.map((one) => [one.exec_id, one])).values()]
    const executed = once.reduce((sum, one) => {
      if (one.exec_type === 'TRADE') return sum + signed(one, one.last_qty)
      return one.exec_type === 'TRADE_CANCEL' ? sum - signed(one, one.last_qty) : sum
    }, 0)
    const last = positions.at(-1)
    expect(last?.qty).toBe(executed)
    expect(fills.reduce((sum, one) => sum + signed(one, one.qty), 0)).toBe(executed)
    const paid = fills.reduce((sum, one) => sum + BigInt(signed(one, one.qty)) * BigInt(one.px), 0n)
    expect((last?.cost ?? 0n) - (last?.realized_pnl ?? 0n)).toBe(paid)
    expect(last?.fees).toBe(fills.reduce((sum, one) => sum + one.fee, 0n))

    // After the kill nothing new goes out, and every order that the venue knows is finished.
    const standing = new Map(orders.map((one) => [one.decision_id, one.status]))
    const open = [...standing.values()].filter(
      (status) => !['DENIED', 'FILLED', 'CANCELED', 'REJECTED'].includes(status),
    )
    expect(open.filter((status) => status !== 'UNKNOWN')).toEqual([])
  })

  it('write the same bytes when the process dies at every commit', async () => {
    const straight = await (await play(4, 60)).digests()
    expect(straight['fills.global.v1']?.records).toBeGreaterThan(5)
    expect(await (await play(4, 60, () => true)).digests()).toEqual(straight)
  })
})
