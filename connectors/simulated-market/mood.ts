import type { Chance } from './chance.ts'

/**
 * How a market feels for some seconds: what the fair price does and how many orders come. Calm stretches, trends and
 * bursts with a partial way back make breakouts, momentum, reversals, volume surges and changes of volatility happen
 * within a minute, as a demonstration needs; a real market spreads them over hours.
 */
export type Mood = {
  readonly kind: MoodKind
  /** Relative change of the fair price per second, signed. */
  readonly drift: number
  /** Relative standard deviation of the fair price after one second. */
  readonly volatility: number
  /** Order arrivals, times the calm rate. */
  readonly intensity: number
  readonly until_us: number
}

type MoodKind = 'opening' | 'calm' | 'trend' | 'burst' | 'fade'

interface MoodShape {
  readonly drift: number
  readonly volatility: number
  readonly intensity: number
  readonly mean_us: number
}

const BASIS_POINT = 1e-4

const SHAPES: Readonly<Record<MoodKind, MoodShape>> = {
  opening: { drift: 0.2 * BASIS_POINT, volatility: 0.6 * BASIS_POINT, intensity: 1, mean_us: 4_000_000 },
  calm: { drift: 0.3 * BASIS_POINT, volatility: 0.6 * BASIS_POINT, intensity: 1, mean_us: 5_000_000 },
  trend: { drift: 1.5 * BASIS_POINT, volatility: 0.8 * BASIS_POINT, intensity: 1.5, mean_us: 5_000_000 },
  burst: { drift: 5 * BASIS_POINT, volatility: 2 * BASIS_POINT, intensity: 3, mean_us: 2_500_000 },
  fade: { drift: 2.5 * BASIS_POINT, volatility: 1.2 * BASIS_POINT, intensity: 1.5, mean_us: 2_500_000 },
}

/** The first mood has a fixed length, so that every seed shows a burst while someone is still looking. */
export function openingMood(start_us: number): Mood {
  const { drift, volatility, intensity, mean_us } = SHAPES.opening
  return { kind: 'opening', drift, volatility, intensity, until_us: start_us + mean_us }
}

export function nextMood(mood: Mood, random: Chance): Mood {
  const kind = nextKind(mood.kind, random.uniform())
  const direction = kind === 'fade' ? -Math.sign(mood.drift) : random.uniform() < 0.5 ? -1 : 1
  return moodOf(kind, direction, mood.until_us, random)
}

/** The burst that `leader` is in, as an instrument feels it that trades with it. */
export function followBurst(leader: Mood, start_us: number, random: Chance): Mood {
  return moodOf('burst', Math.sign(leader.drift), start_us, random)
}

function moodOf(kind: MoodKind, direction: number, start_us: number, random: Chance): Mood {
  const { drift, volatility, intensity, mean_us } = SHAPES[kind]
  const duration_us = Math.floor(mean_us * (0.4 + 0.6 * random.exponential()))
  const strength = 0.6 + 0.8 * random.uniform()
  return { kind, drift: direction * drift * strength, volatility, intensity, until_us: start_us + duration_us }
}

function nextKind(kind: MoodKind, chance: number): MoodKind {
  if (kind === 'opening') return 'burst'
  if (kind === 'burst') return chance < 0.5 ? 'fade' : 'calm'
  if (kind === 'trend') return chance < 0.3 ? 'burst' : 'calm'
  if (kind === 'fade') return 'calm'
  return chance < 0.45 ? 'trend' : chance < 0.8 ? 'burst' : 'calm'
}
