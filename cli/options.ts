import { AppError } from '../runtime/api/index.ts'
import { parseDuration as parseDurationUs } from '../runtime/topology/duration.ts'

/**
 * Values of command-line options. A value that is not what the option takes ends the command as wrong use (exit 2) and
 * says what would do; nothing is rounded or guessed.
 */

/** Milliseconds of `20s`, `500ms`, `5m`, `1h`; more than none. `option` is named in the error, as typed: `--for`. */
export function parseDuration(text: string, option: string): number {
  const duration_us = parseDurationUs(text)
  if (duration_us === undefined || duration_us === 0) {
    throw badOption(option, text, 'is not a duration', 'write a whole number and a unit: 500ms, 20s, 5m or 1h')
  }
  return duration_us / 1_000
}

const SPEED = /^(0|[1-9][0-9]*)(\.[0-9]+)?x$/

/** How many times faster than the stream's own time: `1x`, `50x`, `0.5x`; `Infinity` for `max`. */
export function parseSpeed(text: string, option: string): number {
  const speed = text === 'max' ? Number.POSITIVE_INFINITY : SPEED.test(text) ? Number(text.slice(0, -1)) : 0
  if (speed > 0 && (text === 'max' || Number.isFinite(speed))) return speed
  throw badOption(option, text, 'is not a speed', 'write max, or a multiple of real time: 1x, 50x, 0.5x')
}

/** A whole number that is exact as a JavaScript number, `least` or more. */
export function parseWhole(text: string, option: string, least = 0): number {
  const value = /^(0|[1-9][0-9]*)$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value) && value >= least) return value
  throw badOption(option, text, 'is not a whole number in range', `write ${least} to ${Number.MAX_SAFE_INTEGER}`)
}

/**
 * Refuses `--once` of a source without a last frame, which would run for ever: only files have one. `hint` says what ends
 * the command instead.
 */
export function checkOnce(
  { once, replay }: { readonly once?: boolean; readonly replay: readonly string[] },
  hint: string,
): void {
  if (once !== true || replay.length > 0) return
  throw new AppError('BAD_OPTION', '--once goes with --replay: live feeds and the simulated market have no end', {
    exit_code: 2,
    hint,
  })
}

function badOption(option: string, text: string, what: string, hint: string): AppError {
  return new AppError('BAD_OPTION', `${option} ${JSON.stringify(text)} ${what}`, { exit_code: 2, hint })
}
