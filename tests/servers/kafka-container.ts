/** A broker in a container: `AITRADER_KAFKA_IMAGE`, or an image that the Docker engine has already. */
import { Unavailable } from './jars.ts'
import type { Kafka } from './kafka.ts'

export async function kafkaFromContainer(): Promise<Kafka> {
  throw new Unavailable('no Docker engine answers')
}
