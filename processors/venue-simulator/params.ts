/** Parameters of `venue-simulator`: latencies, fees, and the misbehaviour that tests ask for. Times are microseconds. */
import { type Static, Type } from 'typebox'

const time = (description: string) => Type.Integer({ minimum: 0, maximum: 60_000_000, description })
const chance = (description: string) => Type.Integer({ minimum: 0, maximum: 1_000_000, description })

export const simulatorParams = Type.Object(
  {
    seed: Type.Integer({ minimum: 0, maximum: 4_294_967_295, description: 'Seed of every draw.' }),
    entry_latency_us: time('From our command to the venue, microseconds.'),
    entry_jitter_us: time('Greatest drawn addition to it, microseconds.'),
    report_latency_us: time('From the venue to our report, microseconds; the feedback edge adds its own.'),
    report_jitter_us: time('Greatest drawn addition to it, microseconds.'),
    data_wait_ms: Type.Integer({
      minimum: 1,
      maximum: 600_000,
      description: 'Stream time that an order or a cancel waits for market data of its arrival, milliseconds.',
    }),
    maker_fee_ppm: Type.Integer({
      minimum: -10_000,
      maximum: 100_000,
      description: 'Fee of a resting fill, millionths.',
    }),
    taker_fee_ppm: Type.Integer({
      minimum: -10_000,
      maximum: 100_000,
      description: 'Fee of a taking fill, millionths.',
    }),
    partial_fill_ppm: chance('Chance that an order gets only a part of what is displayed, millionths.'),
    max_open_orders: Type.Integer({ minimum: 1, maximum: 10_000, description: 'Open orders per instrument at most.' }),
    chaos: Type.Optional(
      Type.Object(
        {
          duplicate_ppm: chance('Chance that a report comes twice, millionths.'),
          reorder_ppm: chance('Chance that a report is overtaken by later ones, millionths.'),
          lost_ack_ppm: chance('Chance that the acknowledgement of an order is lost, millionths.'),
          bust_ppm: chance('Chance that an execution is taken back, millionths.'),
          delay_us: time('How late an overtaken report or a bust comes, microseconds.'),
        },
        { additionalProperties: false, description: 'Misbehaviour on request; left out, there is none.' },
      ),
    ),
  },
  { additionalProperties: false },
)

export type SimulatorParams = Static<typeof simulatorParams>
