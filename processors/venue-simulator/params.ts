/** Parameters of `venue-simulator`: latencies, fees, and the misbehaviour that tests ask for. Times are microseconds. */
import { type Static, Type } from 'typebox'

const time = (value: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: 60_000_000, default: value, description })
const chance = (description: string) => Type.Integer({ minimum: 0, maximum: 1_000_000, default: 0, description })
const fee = (value: number, description: string) =>
  Type.Integer({ minimum: -10_000, maximum: 100_000, default: value, description })

export const simulatorParams = Type.Object(
  {
    seed: Type.Integer({ minimum: 0, maximum: 4_294_967_295, default: 1, description: 'Seed of every draw.' }),
    entry_latency_us: time(2000, 'From our command to the venue, microseconds.'),
    entry_jitter_us: time(500, 'Greatest drawn addition to it, microseconds.'),
    report_latency_us: time(1000, 'From the venue to our report, microseconds; the feedback edge adds its own.'),
    report_jitter_us: time(200, 'Greatest drawn addition to it, microseconds.'),
    data_wait_ms: Type.Integer({
      minimum: 1,
      maximum: 600_000,
      default: 2_000,
      description: 'Stream time that an order or a cancel waits for market data of its arrival, milliseconds.',
    }),
    maker_fee_ppm: fee(0, 'Fee of a resting fill, millionths; negative is a rebate.'),
    taker_fee_ppm: fee(50, 'Fee of a taking fill, millionths.'),
    partial_fill_ppm: chance('Chance that an order gets only a part of what is displayed, millionths.'),
    max_open_orders: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 1_000,
      description: 'Open orders per instrument at most.',
    }),
    chaos: Type.Object(
      {
        duplicate_ppm: chance('Chance that a report comes twice, millionths.'),
        reorder_ppm: chance('Chance that a report is overtaken by later ones, millionths.'),
        lost_ack_ppm: chance('Chance that the acknowledgement of an order is lost, millionths.'),
        bust_ppm: chance('Chance that an execution is taken back, millionths.'),
        delay_us: time(500_000, 'How late an overtaken report or a bust comes, microseconds.'),
      },
      { additionalProperties: false, default: {}, description: 'Misbehaviour on request; by default there is none.' },
    ),
  },
  {
    additionalProperties: false,
    description: 'The defaults are a near venue with small fees; they are no claim about a real one.',
  },
)

export type SimulatorParams = Static<typeof simulatorParams>
