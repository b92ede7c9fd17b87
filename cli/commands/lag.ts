import { Command } from 'commander'
import type { Lag, LaneLag } from '../deployed/lag.ts'
import { wallClock } from '../engine.ts'
import { kafkaOptions, kafkaPlaceOf, type PlaceOptions } from '../place.ts'
import { onSignals } from '../signals.ts'

interface LagOptions extends PlaceOptions {
  readonly watch?: boolean
  readonly json?: boolean
}

const WATCH_MS = 1_000

/**
 * `aitrader lag`: how far each lane of a topology on Kafka is behind, who runs it, and which open transaction holds
 * records up. Exit 1 where a lane that has not ended is run by nobody, or a transaction hangs.
 */
export function lagCommand(): Command {
  return kafkaOptions(new Command('lag'))
    .description('how far each lane on Kafka is behind, who runs it, and what holds it up')
    .option('--watch', 'again every second, until stopped')
    .option('--json', 'one JSON object')
    .action(lag)
}

async function lag(options: LagOptions): Promise<void> {
  const place = kafkaPlaceOf(options)
  const { openDeployed } = await import('../deployed/open.ts')
  const { lagOf } = await import('../deployed/lag.ts')
  const deployed = await openDeployed(place)
  const stop = { requested: false }
  let wake = () => {}
  const off = onSignals(() => {
    stop.requested = true
    wake()
  })
  try {
    do {
      const found = await lagOf(deployed)
      const text = options.json === true ? `${JSON.stringify(found)}\n` : pageOf(found)
      const clear = options.watch === true && process.stdout.isTTY === true && options.json !== true
      process.stdout.write(clear ? `\u001b[H\u001b[J${text}` : text)
      process.exitCode = findings(found) ? 1 : 0
      if (options.watch !== true) break
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      await Promise.race([wallClock.wait(WATCH_MS), woken])
    } while (!stop.requested)
  } finally {
    off()
    await deployed.close()
  }
}

function findings({ lanes, held }: Lag): boolean {
  return lanes.some(({ owner, ended }) => owner === null && !ended) || held.some(({ hangs }) => hangs)
}

function pageOf({ lanes, held }: Lag): string {
  const table = [
    ['lane', 'behind', 'stream time', 'last commit', 'run by'],
    ...lanes.map((lane) => [lane.lane, behindText(lane), timeText(lane), ageText(lane), ownerText(lane)]),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => (row[column] as string).length)))
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  for (const { topic, partition, held: count, id, producer_id, hangs } of held) {
    const who = id ?? `producer ${producer_id}`
    lines.push(
      `${topic}/${partition}: ${count} offsets wait for ${hangs ? 'a hanging' : 'an open'} transaction of ${who}`,
    )
  }
  return `${lines.join('\n')}\n`
}

function behindText({ records_behind, counted, behind_us }: LaneLag): string {
  const time = behind_us === null ? '' : `, ${(behind_us / 1e6).toFixed(3)} s`
  return `${counted ? '' : 'at most '}${records_behind} records${time}`
}

function timeText({ frontier_us, ended }: LaneLag): string {
  if (frontier_us === null || frontier_us < 0) return 'not begun'
  return `${new Date(frontier_us / 1000).toISOString()}${ended ? ', ended' : ''}`
}

function ageText({ last_commit_ms_ago }: LaneLag): string {
  return last_commit_ms_ago === null ? '-' : `${(last_commit_ms_ago / 1000).toFixed(1)} s ago`
}

function ownerText({ owner }: LaneLag): string {
  return owner === null ? 'nobody' : `${owner.client_id} at ${owner.host}`
}
