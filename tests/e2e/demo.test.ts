import { describe, expect, it } from 'vitest'
import { simulatedMarket } from '../../connectors/simulated-market/index.ts'
import { Fill } from '../../schemas/generated/index.ts'
import { recordsOf, wholeRun } from './whole-run.ts'

/** What a newcomer sees: the shipped topology on the simulated market with the seed that `up` takes by default. */
describe('the demo', () => {
  it('has orders and fills within 15 s, and nothing that went wrong', async () => {
    const { summary, broker } = await wholeRun(simulatedMarket({ seed: 1, duration_ms: 15_000 }))
    const fills = await recordsOf(broker, 'fills.global.v1', Fill)
    expect(fills.length).toBeGreaterThan(0)
    expect(summary.orders).toBeGreaterThan(0)
    expect(summary.frames).toBeGreaterThan(1_000)
    expect(summary).toMatchObject({ faults: 0, gaps: 0, fills: fills.length })
    // The drain goes on for five seconds more, in which a newcomer has not seen them.
    const begin_us = 1_767_571_200_000_000
    expect(fills.filter(({ stream_time_us }) => stream_time_us < begin_us + 15_000_000).length).toBeGreaterThan(0)
  })
})
