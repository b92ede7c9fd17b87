import {
  alarm,
  clip,
  clock,
  columns,
  dim,
  group,
  instant,
  type Line,
  money,
  paint,
  plain,
  rate,
  title,
} from './text.ts'
import type { Latency, PositionLine, Progress, Snapshot } from './types.ts'

/**
 * A snapshot as the lines of a screen: pure, so that what a trader sees is tested letter by letter. No line is wider
 * than `width`; the least important columns go first.
 */
export function render(snapshot: Snapshot, width: number, colour = false): string[] {
  const lines: Line[] = [
    heading(snapshot),
    whereabouts(snapshot),
    [],
    ...rates(snapshot),
    [],
    ...latencies(snapshot),
    [],
    ...positions(snapshot, width),
    [],
    health(snapshot),
    ...(snapshot.note === '' ? [] : [[dim(snapshot.note)]]),
  ]
  return lines.map((line) => paint(clip(line, width), colour))
}

/** One line for a log: what changed most since the last one, in a fixed order. */
export function renderLine(snapshot: Snapshot): string {
  const { elapsed_ms, progress, latency_us, pnl_total, faults, gaps, trading_state } = snapshot
  const parts = [clock(elapsed_ms)]
  if (progress !== null) parts.push(percent(progress))
  for (const { label, total, per_s } of snapshot.rates) {
    parts.push(per_s > 0 ? `${label} ${group(String(total))} (${rate(per_s)}/s)` : `${label} ${group(String(total))}`)
  }
  if (latency_us.frame_to_signal !== null) parts.push(`signal p99 ${micros(latency_us.frame_to_signal.p99)} µs`)
  if (latency_us.frame_to_order !== null) parts.push(`order p99 ${micros(latency_us.frame_to_order.p99)} µs`)
  if (pnl_total !== '') parts.push(`P&L ${money(pnl_total).text}`)
  parts.push(`faults ${group(String(faults))}`, `gaps ${group(String(gaps))}`)
  if (trading_state !== 'ACTIVE') parts.push(`trading ${trading_state}`)
  return parts.join('  ')
}

/** What a run was, in words, when it has ended: for people who asked for no JSON. Ends with a line feed. */
export function renderEnd(summary: End, positions: readonly PositionLine[], pnl_total: string, dir: string): string {
  const { duration_ms, latency_us } = summary
  const count = (name: CountedName) => `${group(String(summary[name]))} ${name}`
  const lines = [
    `${count('frames')} in ${(duration_ms / 1_000).toFixed(1)} s: ${(['events', 'books', 'signals', 'predictions', 'decisions'] as const).map(count).join(', ')}`,
    `${(['orders', 'fills', 'faults', 'gaps'] as const).map(count).join(', ')}`,
  ]
  for (const [name, { p50, p99, max }] of Object.entries(latency_us)) {
    if (max > 0)
      lines.push(`${name.replaceAll('_', ' ')}: p50 ${micros(p50)} µs, p99 ${micros(p99)} µs, max ${micros(max)} µs`)
  }
  for (const { account, symbol, qty, avg_px, realized, unrealized, fees } of positions) {
    const at = avg_px === '-' ? '' : ` at ${group(avg_px)}`
    lines.push(
      `${account} ${symbol} ${group(qty)}${at}: realized ${money(realized).text}, unrealized ${money(unrealized).text}, fees ${group(fees)}`,
    )
  }
  if (pnl_total !== '') lines.push(`P&L after fees ${money(pnl_total).text}`)
  lines.push(`state ${summary.state_sha256}`, `everything is in ${dir}: \`aitrader topic list --data ${dir}\``)
  return lines.map((line) => `${line}\n`).join('')
}

type CountedName =
  | 'frames'
  | 'events'
  | 'books'
  | 'signals'
  | 'predictions'
  | 'decisions'
  | 'orders'
  | 'fills'
  | 'faults'
  | 'gaps'

type End = Readonly<Record<CountedName, number>> & {
  readonly duration_ms: number
  readonly latency_us: { readonly frame_to_signal: Latency; readonly frame_to_order: Latency }
  readonly state_sha256: string
}

function heading({ source, trading_state, elapsed_ms }: Snapshot): Line {
  const state = { text: trading_state, tone: trading_state === 'ACTIVE' ? ('good' as const) : ('bad' as const) }
  return [title('AITrader'), dim('  trading '), state, dim('  up '), plain(clock(elapsed_ms)), plain(`  ${source}`)]
}

function whereabouts({ stream_time_us, progress }: Snapshot): Line {
  const time = stream_time_us === null ? 'waiting for the first record' : `${instant(stream_time_us)} UTC`
  if (progress === null) return [dim('stream time '), plain(time)]
  return [dim('stream time '), plain(time), plain(`  ${percent(progress)}`), dim(` ${bar(progress)}`)]
}

const BAR_WIDTH = 20

function bar(progress: Progress): string {
  const filled = Math.floor(share(progress) * BAR_WIDTH)
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}]`
}

/** Rounded down: 100 % is said when it is done, not before. */
function percent(progress: Progress): string {
  return `${Math.floor(share(progress) * 100)} %`
}

function share({ done, total }: Progress): number {
  return total > 0 ? Math.min(done / total, 1) : 1
}

function rates({ rates }: Snapshot): Line[] {
  const rows: Line[] = rates.map(({ label, total, per_s }) => [
    plain(label),
    plain(group(String(total))),
    per_s > 0 ? plain(rate(per_s)) : dim('0'),
  ])
  return columns([[dim('records'), dim('total'), dim('per s')], ...rows], 1)
}

function latencies({ latency_us: { frame_to_signal, frame_to_order } }: Snapshot): Line[] {
  return columns(
    [
      [dim('latency, µs'), dim('p50'), dim('p99'), dim('max')],
      latency('frame to signal', frame_to_signal),
      latency('frame to order', frame_to_order),
    ],
    1,
  )
}

function latency(label: string, measured: Latency | null): Line {
  if (measured === null) return [plain(label), dim('-'), dim('-'), dim('-')]
  const { p50, p99, max } = measured
  return [plain(label), plain(micros(p50)), plain(micros(p99)), plain(micros(max))]
}

function micros(latency_us: number): string {
  return group(Math.round(latency_us).toString())
}

const NARROW = 72

function positions({ positions, pnl_total }: Snapshot, width: number): Line[] {
  if (positions.length === 0) return [[dim('no position yet')]]
  const narrow = width < NARROW
  const cells = ({ account, symbol, qty, avg_px, realized, unrealized, fees }: PositionLine): Line => {
    const wide: Line = narrow ? [] : [plain(group(avg_px))]
    const paid: Line = narrow ? [] : [plain(group(fees))]
    return [plain(account), plain(symbol), plain(group(qty)), ...wide, money(realized), money(unrealized), ...paid]
  }
  const names = narrow
    ? ['account', 'symbol', 'quantity', 'realized', 'unrealized']
    : ['account', 'symbol', 'quantity', 'average', 'realized', 'unrealized', 'fees']
  const table = columns([names.map(dim), ...positions.map(cells)], 2)
  return [...table, [dim('P&L after fees '), money(pnl_total)]]
}

function health({ faults, gaps }: Snapshot): Line {
  return [dim('faults '), alarm(faults, 'bad'), dim('  gaps '), alarm(gaps, 'warn')]
}
