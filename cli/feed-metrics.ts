import type { FeedStanding } from '../connectors/feed/index.ts'
import type { Source } from '../runtime/api/index.ts'
import type { Sample } from './exposition.ts'

/**
 * What a live feed tells operators; nothing of any other source. Whether a source is one is asked of the source: its code
 * is loaded only where a feed was chosen.
 */
export function feedSamples(source: Source): Sample[] {
  const { standing } = source as Source & { standing?(): readonly FeedStanding[] }
  return (standing?.call(source) ?? []).flatMap((feed) => [...samplesOf(feed)])
}

function* samplesOf({
  feed,
  counts,
  lines,
  live,
  queue_frames,
  queue_bytes,
  quiet_ms,
}: FeedStanding): Generator<Sample> {
  const labels = { feed }
  yield { name: 'aitrader_feed_frames_total', labels, value: counts.frames }
  yield { name: 'aitrader_feed_bytes_total', labels, value: counts.bytes }
  yield { name: 'aitrader_feed_connects_total', labels, value: counts.connections }
  yield { name: 'aitrader_feed_reconnects_total', labels, value: Math.max(0, counts.connections - lines) }
  for (const [reason, value] of Object.entries(counts.ended)) {
    yield { name: 'aitrader_feed_disconnects_total', labels: { feed, reason }, value }
  }
  yield { name: 'aitrader_feed_gaps_total', labels, value: counts.breaks }
  yield { name: 'aitrader_feed_resubscriptions_total', labels, value: counts.resubscriptions }
  yield { name: 'aitrader_feed_snapshots_total', labels: { feed, outcome: 'taken' }, value: counts.snapshots }
  yield { name: 'aitrader_feed_snapshots_total', labels: { feed, outcome: 'refused' }, value: counts.rest_refusals }
  yield { name: 'aitrader_feed_pauses_total', labels, value: counts.pauses }
  yield { name: 'aitrader_feed_dropped_total', labels, value: counts.withheld }
  yield { name: 'aitrader_feed_lines', labels: { feed, state: 'live' }, value: live }
  yield { name: 'aitrader_feed_lines', labels: { feed, state: 'down' }, value: lines - live }
  yield { name: 'aitrader_feed_queue_frames', labels, value: queue_frames }
  yield { name: 'aitrader_feed_queue_bytes', labels, value: queue_bytes }
  yield { name: 'aitrader_feed_last_frame_age_seconds', labels, value: quiet_ms / 1_000 }
}
