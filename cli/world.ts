import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SOURCES, type World } from '../runtime/topology/world.ts'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** What topologies may speak of here. Loaded when asked for: most commands need no processor. */
export async function shippedWorld(): Promise<World> {
  const [{ processors }, { records }, { fileSink }] = await Promise.all([
    import('../processors/index.ts'),
    import('../schemas/generated/index.ts'),
    import('../connectors/file-sink/index.ts'),
  ])
  return { processors, records, sources: SOURCES, sinks: { file: fileSink } }
}

/** The same with the processors' sources, for whoever judges them: lint, not a run. */
export async function judgedWorld(): Promise<World> {
  const [world, { impuritiesIn }] = await Promise.all([shippedWorld(), import('./lint/processor-sources.ts')])
  return { ...world, impurities: impuritiesIn(ROOT) }
}
