/** Opens a cluster once for everything that a plan needs of it: its administration, and the topology's own topics. */
import { openKafka } from '../../connectors/kafka/index.ts'
import { readSecurity } from '../../connectors/kafka/security.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { kafkaOf, parseBootstrap } from '../run/target.ts'
import { BrokerMemory } from './broker-memory.ts'
import { KafkaCluster } from './kafka-cluster.ts'

export interface KafkaSite {
  readonly cluster: KafkaCluster
  readonly memory: BrokerMemory
  close(): Promise<void>
}

/** `addresses`: `HOST:PORT`, several with commas. Rejects as `openKafka` does. */
export async function openKafkaSite(addresses: string, topology: Topology): Promise<KafkaSite> {
  const broker = await openKafka({
    bootstrap: parseBootstrap(addresses),
    client: kafkaOf(topology).client,
    security: await readSecurity(process.env),
    topology: topology.name,
  })
  return { cluster: new KafkaCluster(broker.cluster), memory: new BrokerMemory(broker), close: () => broker.close() }
}
