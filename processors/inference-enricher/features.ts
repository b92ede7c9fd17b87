import type { PatternSignal } from '../../schemas/generated/index.ts'

/** Features of a request, in this order: the six patterns as they stand. */
export const FEATURES = [
  'breakout',
  'momentum',
  'mean_reversion',
  'book_pressure',
  'volume_surge',
  'volatility_regime',
] as const
export type FeatureName = (typeof FEATURES)[number]
export type Features = { readonly [K in FeatureName]: number }

/** The last signal of each pattern of one instrument: `direction * strength` and its stream time. */
export type PatternMemory = { readonly [K in FeatureName]: { readonly value: number; readonly time_us: number } }

const NEVER = { value: 0, time_us: 0 } as const

export function noPatterns(): PatternMemory {
  return {
    breakout: NEVER,
    momentum: NEVER,
    mean_reversion: NEVER,
    book_pressure: NEVER,
    volume_surge: NEVER,
    volatility_regime: NEVER,
  }
}

/**
 * What a signal adds: `direction * strength`, -1 to 1. A regime has no direction: its strength counts as positive
 * when volatility grew and as negative when it fell (the sign of its feature `level`).
 */
function signedStrength(signal: PatternSignal): number {
  if (signal.pattern !== 'VOLATILITY_REGIME') return signal.direction * signal.strength + 0
  const level = signal.features.find((feature) => feature.name === 'level')
  return level !== undefined && level.value < 0 ? -signal.strength : signal.strength
}

export function remember(memory: PatternMemory, signal: PatternSignal, time_us: number): PatternMemory {
  const name = signal.pattern.toLowerCase() as FeatureName
  return { ...memory, [name]: { value: signedStrength(signal), time_us } }
}

/** Each pattern's value, fading linearly to 0 over `memory_us` of stream time. */
export function featuresAt(memory: PatternMemory, time_us: number, memory_us: number): Features {
  const fade = ({ value, time_us: since }: { value: number; time_us: number }) => {
    const age = time_us - since
    return age < memory_us ? value * (1 - age / memory_us) + 0 : 0
  }
  return {
    breakout: fade(memory.breakout),
    momentum: fade(memory.momentum),
    mean_reversion: fade(memory.mean_reversion),
    book_pressure: fade(memory.book_pressure),
    volume_surge: fade(memory.volume_surge),
    volatility_regime: fade(memory.volatility_regime),
  }
}
