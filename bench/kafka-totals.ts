import { Type } from 'typebox'
import { defineProcessor, emit } from '../runtime/api/index.ts'
import { Tick, TickTotal } from './peers/kafka-streams/schemas/generated/index.ts'

/** What is kept per instrument: the same five numbers as in the Java twin's store. */
export interface Total {
  count: number
  qty_sum: number
  last_px: number
  min_px: number
  max_px: number
}

export function noTotal(): Total {
  return { count: 0, qty_sum: 0, last_px: 0, min_px: Number.MAX_SAFE_INTEGER, max_px: 0 }
}

/** Counts `tick` into `total`, in place, and answers the enriched record. */
export function addTick(total: Total, tick: Tick): TickTotal {
  const last_px = total.last_px
  total.count += 1
  total.qty_sum += tick.qty
  total.last_px = tick.px
  if (tick.px < total.min_px) total.min_px = tick.px
  if (tick.px > total.max_px) total.max_px = tick.px
  return {
    instrument_id: tick.instrument_id,
    venue: tick.venue,
    source: tick.source,
    sequence: tick.sequence,
    event_time_us: tick.event_time_us,
    receive_time_us: tick.receive_time_us,
    px: tick.px,
    qty: tick.qty,
    aggressor_buy: tick.aggressor_buy,
    count: total.count,
    qty_sum: total.qty_sum,
    last_px,
    min_px: total.min_px,
    max_px: total.max_px,
    payload: tick.payload,
  }
}

/**
 * The benches' stateful read-process-write: one enriched record out per tick in, running figures per instrument.
 *
 * Its state changes in place, which a hot processor may do, since nothing here can fail between change and answer.
 */
export const totals = defineProcessor({
  name: 'totals',
  description: 'Running figures of an instrument beside each of its ticks.',
  inputs: { ticks: Tick },
  outputs: { totals: TickTotal },
  params: Type.Object({}),
  initial: noTotal,
  snapshot: (state) => ({ ...state }),
  restore: (json) => ({ ...(json as unknown as Total) }),
  on: {
    ticks(state, tick) {
      return emit(state, { totals: [addTick(state, tick)] })
    },
  },
})
