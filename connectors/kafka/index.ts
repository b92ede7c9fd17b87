/** Kafka behind the runtime's broker port. */
export { type KafkaBroker, type KafkaOptions, openKafka } from './broker.ts'
export { CAPABILITIES } from './capabilities.ts'
