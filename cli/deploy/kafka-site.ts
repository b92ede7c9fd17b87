/** Opens a cluster for everything that a deployment needs of it: its administration, and the topology's own topics. */
import { Cluster } from '../../connectors/kafka/cluster.ts'
import { openKafka } from '../../connectors/kafka/index.ts'
import { readSecurity } from '../../connectors/kafka/security.ts'
import { openWire } from '../../connectors/kafka/wires.ts'
import type { WriterCodecs } from '../../runtime/engine/options.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { kafkaOf, parseBootstrap } from '../run/target.ts'
import { KafkaCluster } from './kafka-cluster.ts'
import { Memory } from './memory.ts'

export interface KafkaSite {
  readonly cluster: KafkaCluster
  readonly memory: Memory
  close(): Promise<void>
}

/** A person waits: an address where nobody answers is said sooner than a running process gives up. */
const CONNECT_MS = 4_000

/** `addresses`: `HOST:PORT`, several with commas. Rejects as `Cluster.connect` and `openKafka` do. */
export async function openKafkaSite(
  addresses: string,
  topology: Topology,
  codecs: WriterCodecs | undefined,
): Promise<KafkaSite> {
  const bootstrap = parseBootstrap(addresses)
  const { client } = kafkaOf(topology)
  const security = await readSecurity(process.env)
  const wire = await openWire(client, { bootstrap, security })
  const cluster = await Cluster.connect(wire, bootstrap, { deadline_ms: CONNECT_MS })
  const memory = new Memory(() => openKafka({ bootstrap, client, security, topology: topology.name }), codecs)
  const close = async () => {
    await memory.close()
    await cluster.close()
  }
  return { cluster: new KafkaCluster(cluster), memory, close }
}
