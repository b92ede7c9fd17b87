import { KafkaBroker, type KafkaOptions, openKafka } from '../../connectors/kafka/broker.ts'
import { readSecurity } from '../../connectors/kafka/security.ts'
import { Codecs, openRegistry, type Registry, registryOptions } from '../../connectors/registry/index.ts'
import { AppError } from '../../runtime/api/index.ts'
import { type LanePlan, planLanes } from '../../runtime/plan/lanes.ts'
import { type Plan, plan } from '../../runtime/plan/plan.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { loadTopology } from '../compose.ts'
import { readRun, type StoredRun } from '../deploy/stored-run.ts'
import type { KafkaPlace } from '../place.ts'
import { kafkaOf, parseBootstrap } from '../run/target.ts'
import { shippedWorld } from '../world.ts'

/** A topology that runs, or ran, on Kafka, opened to look at: what it is made of was written down by its last run. */
export interface Deployed {
  readonly run: StoredRun
  readonly plan: Plan
  readonly lanes: LanePlan
  readonly broker: KafkaBroker
  readonly registry: Registry
  readonly codecs: Codecs
  close(): Promise<void>
}

/**
 * Opens what the place names. AppErrors: `NOT_DEPLOYED` (exit 2) where no run of the topology ever recovered, and what
 * the cluster and the registry refuse (exit 4). Nothing stays open then.
 */
export async function openDeployed({ kafka, registry: url, topology, overlays }: KafkaPlace): Promise<Deployed> {
  const bootstrap = parseBootstrap(kafka)
  const declared = isFile(topology) ? await loadTopology(topology, overlays) : undefined
  const registry = await openRegistry(url, registryOptions(process.env))
  try {
    const name = declared?.name ?? topology
    const options: KafkaOptions = {
      bootstrap,
      client: declared === undefined ? undefined : kafkaOf(declared).client,
      security: await readSecurity(process.env),
      topology: name,
    }
    const first = await openKafka(options)
    try {
      const run = await readRun(first)
      if (run === undefined) throw notDeployed(name, kafka)
      const planned = await plannedOf(run.topology)
      // The same connections, with the order that breaks ties, which only the run itself tells.
      const broker = new KafkaBroker(first.cluster, { ...options, producers: planned.producers })
      await broker.load()
      return {
        run,
        plan: planned,
        lanes: planLanes(planned),
        broker,
        registry,
        codecs: new Codecs(registry),
        close: async () => {
          registry.close()
          await broker.close()
          await first.close()
        },
      }
    } catch (error) {
      await first.close()
      throw error
    }
  } catch (error) {
    registry.close()
    throw error
  }
}

/** The broker alone, for what needs neither the registry nor to know what ran. */
export async function openNamed(
  kafka: string,
  topology: string,
  overlays: readonly string[],
): Promise<{ broker: KafkaBroker; name: string }> {
  const declared = isFile(topology) ? await loadTopology(topology, overlays) : undefined
  const name = declared?.name ?? topology
  const broker = await openKafka({
    bootstrap: parseBootstrap(kafka),
    client: declared === undefined ? undefined : kafkaOf(declared).client,
    security: await readSecurity(process.env),
    topology: name,
  })
  return { broker, name }
}

/** A topology is named like a file or by its own name, which holds neither a slash nor an ending. */
function isFile(topology: string): boolean {
  return /[/\\]|\.ya?ml$/.test(topology)
}

async function plannedOf(topology: Topology): Promise<Plan> {
  return plan(topology, await shippedWorld(), { manifest: '{}' })
}

function notDeployed(name: string, kafka: string): AppError {
  return new AppError('NOT_DEPLOYED', `no run of the topology ${name} is known to the cluster at ${kafka}`, {
    exit_code: 2,
    hint: 'start one with `aitrader run`, or name another with --topology FILE or NAME',
  })
}
