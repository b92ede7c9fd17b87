/**
 * Every metric that a process of ours serves, in one place: what it is called, what it says, by which labels. The page
 * `docs/generated/metrics.md`, the dashboard and the alerts in `deploy/` use these names and no others.
 *
 * Besides these, `aitrader_process_*` are what Node says of the process itself.
 */
export interface MetricSpec {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  readonly help: string
  /** The commands that have it; `run` and `up` where nothing is said. */
  readonly of?: readonly ('run' | 'up' | 'sink')[]
}

const LANE = ['lane'] as const
const FEED = ['feed'] as const
const SINK_TOPIC = ['sink', 'topic'] as const

export const METRICS = {
  aitrader_records_total: { type: 'counter', labels: ['lane', 'topic'], help: 'Records written.' },
  aitrader_faults_total: {
    type: 'counter',
    labels: ['lane', 'stage', 'code'],
    help: 'Records refused, which went to the dead letter.',
  },
  aitrader_stream_time_seconds: {
    type: 'gauge',
    labels: LANE,
    help: 'Stream time that the lane has passed (its frontier), seconds since the epoch.',
  },
  aitrader_behind_seconds: {
    type: 'gauge',
    labels: LANE,
    help: 'Stream time by which the lane is behind the newest frontier of all lanes, wherever they run.',
    of: ['run'],
  },
  aitrader_lag_records: {
    type: 'gauge',
    labels: ['lane', 'topic'],
    help: 'Records of the topic that are committed and that the lane has not worked off.',
    of: ['run'],
  },
  aitrader_stable_offset_lag_records: {
    type: 'gauge',
    labels: ['topic'],
    help: 'Offsets between the last stable one and the end: what an open transaction keeps from readers.',
    of: ['run'],
  },
  aitrader_queue_records: {
    type: 'gauge',
    labels: ['lane', 'stage', 'topic'],
    help: 'Records that wait in the inputs of the stage, by the topic that they came from.',
  },
  aitrader_pending_records: { type: 'gauge', labels: LANE, help: 'Records that wait for a commit.' },
  aitrader_commit_seconds: {
    type: 'histogram',
    labels: LANE,
    help: "Time from a commit's begin until it is durable.",
  },
  aitrader_transactions_total: {
    type: 'counter',
    labels: ['lane', 'outcome'],
    help: 'Transactions: committed; aborted, which were sent again; fenced, whose lane another process took.',
  },
  aitrader_lanes: { type: 'gauge', labels: [], help: 'Lanes that this process runs.' },
  aitrader_lanes_recovering: { type: 'gauge', labels: [], help: 'Those of them that have not recovered yet.' },
  aitrader_restore_ratio: {
    type: 'gauge',
    labels: LANE,
    help: 'How far the lane has recovered, 0 to 1, measured in stream time.',
  },
  aitrader_restored_records_total: {
    type: 'counter',
    labels: LANE,
    help: 'Records that were read again to recover the lane.',
  },
  aitrader_rebalances_total: {
    type: 'counter',
    labels: [],
    help: 'How often the lanes were shared out anew.',
    of: ['run'],
  },
  aitrader_event_loop_delay_seconds: {
    type: 'histogram',
    labels: ['thread'],
    help: 'How much later than asked for a timer of the thread fires.',
  },
  aitrader_feed_frames_total: { type: 'counter', labels: FEED, help: 'Frames that a live feed took from its venue.' },
  aitrader_feed_bytes_total: { type: 'counter', labels: FEED, help: 'Bytes of these frames.' },
  aitrader_feed_connects_total: { type: 'counter', labels: FEED, help: 'Connections tried.' },
  aitrader_feed_reconnects_total: {
    type: 'counter',
    labels: FEED,
    help: 'Those of them beyond the first of each line: after an end, or before a connection grew too old.',
  },
  aitrader_feed_disconnects_total: {
    type: 'counter',
    labels: ['feed', 'reason'],
    help: 'Connections that ended, by reason; slow: dropped by us, since the dataflow did not keep up.',
  },
  aitrader_feed_gaps_total: {
    type: 'counter',
    labels: FEED,
    help: "Breaks of the venue's sequences or checksums, and subscriptions that it refused.",
  },
  aitrader_feed_resubscriptions_total: {
    type: 'counter',
    labels: FEED,
    help: 'Books subscribed anew, after a gap or to renew them.',
  },
  aitrader_feed_snapshots_total: {
    type: 'counter',
    labels: ['feed', 'outcome'],
    help: 'Snapshots asked for by REST: taken; refused, which are asked for again.',
  },
  aitrader_feed_pauses_total: {
    type: 'counter',
    labels: FEED,
    help: 'How often the sockets were read no more, since the queue was full.',
  },
  aitrader_feed_dropped_total: {
    type: 'counter',
    labels: FEED,
    help: 'Frames kept from everybody, since they held a secret of ours. No other frame is ever dropped.',
  },
  aitrader_feed_lines: {
    type: 'gauge',
    labels: ['feed', 'state'],
    help: 'Lines, each of which is one connection when all is well: live, where something came; down.',
  },
  aitrader_feed_queue_frames: { type: 'gauge', labels: FEED, help: 'Frames that wait for the dataflow.' },
  aitrader_feed_queue_bytes: { type: 'gauge', labels: FEED, help: 'Bytes that wait for the dataflow.' },
  aitrader_feed_last_frame_age_seconds: {
    type: 'gauge',
    labels: FEED,
    help: 'Time since the last frame came, or since the feed was opened.',
  },
  aitrader_sink_records_total: {
    type: 'counter',
    labels: SINK_TOPIC,
    help: 'Records that the sink took.',
    of: ['up', 'sink'],
  },
  aitrader_sink_pending_records: {
    type: 'gauge',
    labels: SINK_TOPIC,
    help: 'Those of them that are in no file yet.',
    of: ['up', 'sink'],
  },
  aitrader_sink_behind_records: {
    type: 'gauge',
    labels: SINK_TOPIC,
    help: 'Durable records that are in no file yet; of a data directory only.',
    of: ['up', 'sink'],
  },
  aitrader_sink_failed: {
    type: 'gauge',
    labels: ['sink'],
    help: '1 where the sink ended with an error, else 0.',
    of: ['up', 'sink'],
  },
} as const satisfies Record<string, MetricSpec>

export type MetricName = keyof typeof METRICS
