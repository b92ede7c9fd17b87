/** What server.properties of a broker for tests says, however it is started. */

/** Small, quick to group and to elect, nothing created by accident. */
export const DEFAULTS = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'auto.create.topics.enable': 'false',
  'background.threads': '2',
  // A killed broker may come back only after its old session has ended.
  'broker.heartbeat.interval.ms': '500',
  'broker.session.timeout.ms': '4000',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  'log.cleaner.dedupe.buffer.size': '8388608',
  'log.retention.bytes': '1073741824',
  'log.segment.bytes': '67108864',
  'num.io.threads': '4',
  'num.network.threads': '2',
  'offsets.topic.num.partitions': '4',
  'offsets.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'share.coordinator.state.topic.num.partitions': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '4',
  'transaction.state.log.replication.factor': '1',
}
