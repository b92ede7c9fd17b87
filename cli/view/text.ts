/** Text with a meaning, numbers a person can read, and columns that line up. Colour comes last, after all widths. */

export type Tone = 'plain' | 'title' | 'dim' | 'good' | 'bad' | 'warn'

export interface Span {
  readonly text: string
  readonly tone: Tone
}

/** One line of the screen. */
export type Line = readonly Span[]

export const plain = (text: string): Span => ({ text, tone: 'plain' })
export const dim = (text: string): Span => ({ text, tone: 'dim' })
export const title = (text: string): Span => ({ text, tone: 'title' })
/** `text` in `tone` where the number is not 0: nothing wrong should not shout. */
export const alarm = (count: number, tone: Tone): Span => ({
  text: group(String(count)),
  tone: count > 0 ? tone : 'plain',
})

/** A decimal text with thousands separators: `-1234567.891` becomes `-1,234,567.891`. Other text stays as it is. */
export function group(decimal: string): string {
  const match = /^([+-]?)([0-9]+)((?:\.[0-9]+)?.*)$/.exec(decimal)
  if (match === null) return decimal
  return `${match[1]}${match[2]!.replace(/\B(?=(?:[0-9]{3})+$)/g, ',')}${match[3]}`
}

/** A count, or a rate: one decimal below ten, where it matters. */
export function rate(per_s: number): string {
  return per_s > 0 && per_s < 10 ? per_s.toFixed(1) : group(Math.round(per_s).toString())
}

/** Profit with its sign always shown, in the tone of its sign. */
export function money(decimal: string): Span {
  const zero = !/[1-9]/.test(decimal)
  if (decimal === '' || zero) return plain(group(decimal))
  return decimal.startsWith('-') ? { text: group(decimal), tone: 'bad' } : { text: `+${group(decimal)}`, tone: 'good' }
}

/** `1:02:03`, of milliseconds; hours as many as there are. */
export function clock(elapsed_ms: number): string {
  const seconds = Math.floor(elapsed_ms / 1_000)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

/** `2026-01-05 00:00:41.998` UTC, of microseconds. */
export function instant(time_us: number): string {
  return new Date(Math.floor(time_us / 1_000)).toISOString().replace('T', ' ').replace('Z', '')
}

/**
 * Rows of equal length as lines, two spaces between columns: `left` columns from the left are text, the rest are
 * numbers and stand right.
 */
export function columns(rows: readonly Line[], left: number): Line[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [at, { text }] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, text.length)
  }
  return rows.map((row) =>
    row.map(({ text, tone }, at) => {
      const padded = at < left ? text.padEnd(widths[at]!) : text.padStart(widths[at]!)
      return { text: at === 0 ? padded : `  ${padded}`, tone }
    }),
  )
}

/** At most `width` columns of `line`; what is cut shows as `…`. */
export function clip(line: Line, width: number): Line {
  let room = width
  const kept: Span[] = []
  for (const { text, tone } of line) {
    if (text.length <= room) {
      kept.push({ text, tone })
      room -= text.length
      continue
    }
    if (room > 0) kept.push({ text: `${text.slice(0, room - 1)}…`, tone })
    else if (kept.length > 0) {
      const last = kept.pop()!
      kept.push({ text: `${last.text.slice(0, -1)}…`, tone: last.tone })
    }
    break
  }
  return kept
}

const CODES: Readonly<Record<Tone, string>> = { plain: '', title: '1', dim: '2', good: '32', bad: '31', warn: '33' }

/** The line as text, with ANSI colours or none; no spaces at its end. */
export function paint(line: Line, colour: boolean): string {
  if (!colour) {
    return line
      .map(({ text }) => text)
      .join('')
      .trimEnd()
  }
  return line.map(({ text, tone }) => (CODES[tone] === '' ? text : `\x1b[${CODES[tone]}m${text}\x1b[0m`)).join('')
}
