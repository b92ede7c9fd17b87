/** Opens what a topology is deployed to, both sides or none. */
import { Codecs, openRegistry, registryOptions } from '../../connectors/registry/index.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import type { Site } from './deployment.ts'
import { openKafkaSite } from './kafka-site.ts'

export interface Addresses {
  /** `HOST:PORT`, several with commas. */
  readonly kafka: string
  readonly registry: string
}

export interface OpenSite extends Site {
  close(): Promise<void>
}

/** Rejects with `KAFKA_UNREACHABLE`, `KAFKA_AUTH`, `REGISTRY_UNREACHABLE`... (exit 4); nothing stays open then. */
export async function openSite({ kafka, registry: url }: Addresses, topology: Topology): Promise<OpenSite> {
  const registry = await openRegistry(url, registryOptions(process.env))
  try {
    const { cluster, memory, close } = await openKafkaSite(kafka, topology, new Codecs(registry))
    return {
      cluster,
      memory,
      registry,
      close: async () => {
        registry.close()
        await close()
      },
    }
  } catch (error) {
    registry.close()
    throw error
  }
}
