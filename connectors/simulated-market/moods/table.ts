/**
 * What the moods of `--market` are made of: one number per parameter and mood. Every rate is per event or in stream time,
 * so that a mood is the same at any speed. `docs/simulated-market.md` shows this table; a test holds it to it.
 */
export type MarketMood = 'calm' | 'volatile' | 'crash' | 'broken'

/** Unit and meaning of every parameter; 0 switches off what happens every so often, and every fault. */
export const MOOD_PARAMETERS = {
  trending_share: 'Of 1,000 stretches of 4 s, how many have a drift; what neither trends nor is volatile is calm.',
  volatile_share: 'Of 1,000 stretches of 4 s, how many are volatile.',
  jumps_per_hour: 'Jumps of the whole market, up or down.',
  jump_bps: 'Size of a jump, basis points; from half of it to one and a half.',
  crash_every_s: 'A crash begins once in so many seconds, at a moment of its own.',
  fall_bps: 'How far the market falls in a crash, basis points, within half a second.',
  recovered_percent: 'How much of the fall comes back.',
  recovery_s: 'How long that takes; makers come back over the same time.',
  rest_s: 'Over so many seconds more the rest of the fall comes back.',
  liquidity_percent: 'What makers leave of their quotes while it falls and at the bottom; the spread opens with it.',
  halt_every_s: 'A venue halts once in so many seconds: no orders, no trades, no messages.',
  halt_ms: 'How long it halts.',
  drop_ppm: 'Frames that are lost, of a million.',
  duplicate_ppm: 'Frames that come twice.',
  late_ppm: 'Frames that come 1 to 50 ms late, behind others.',
  truncate_ppm: 'Frames that end too soon.',
  corrupt_ppm: 'Frames with a byte that no JSON has.',
  misread_ppm: 'Depth frames with another digit in a quantity; only where the venue sends a checksum to find it by.',
  silence_every_s: 'A connection is lost once in so many seconds, with all that the venue sends.',
  silence_ms: 'How long it is lost.',
  restart_every_s: "A venue's ids begin anew once in so many seconds.",
} as const

export type MoodParameters = Readonly<Record<keyof typeof MOOD_PARAMETERS, number>>

const CALM: MoodParameters = {
  trending_share: 200,
  volatile_share: 0,
  jumps_per_hour: 0,
  jump_bps: 0,
  crash_every_s: 0,
  fall_bps: 0,
  recovered_percent: 0,
  recovery_s: 0,
  rest_s: 0,
  liquidity_percent: 100,
  halt_every_s: 0,
  halt_ms: 0,
  drop_ppm: 0,
  duplicate_ppm: 0,
  late_ppm: 0,
  truncate_ppm: 0,
  corrupt_ppm: 0,
  misread_ppm: 0,
  silence_every_s: 0,
  silence_ms: 0,
  restart_every_s: 0,
}

export const MARKET_MOODS: Readonly<Record<MarketMood, MoodParameters>> = {
  calm: CALM,
  volatile: { ...CALM, trending_share: 350, volatile_share: 500, jumps_per_hour: 120, jump_bps: 20 },
  crash: {
    ...CALM,
    trending_share: 300,
    volatile_share: 200,
    crash_every_s: 60,
    fall_bps: 300,
    recovered_percent: 60,
    recovery_s: 10,
    rest_s: 15,
    liquidity_percent: 10,
  },
  broken: {
    ...CALM,
    trending_share: 300,
    volatile_share: 200,
    jumps_per_hour: 60,
    jump_bps: 20,
    halt_every_s: 30,
    halt_ms: 4_000,
    drop_ppm: 2_000,
    duplicate_ppm: 5_000,
    late_ppm: 3_000,
    truncate_ppm: 1_000,
    corrupt_ppm: 1_000,
    misread_ppm: 20_000,
    silence_every_s: 25,
    silence_ms: 3_000,
    restart_every_s: 40,
  },
}
