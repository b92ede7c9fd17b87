/** Kafka behind the runtime's broker port. */
export { type KafkaBroker, type KafkaOptions, openKafka } from './broker.ts'
export { CAPABILITIES, type Capabilities } from './capabilities.ts'
