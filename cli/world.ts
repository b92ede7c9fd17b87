import { SOURCES, type World } from '../runtime/topology/world.ts'

/** What topologies may speak of here. Loaded when asked for: most commands need no processor. */
export async function shippedWorld(): Promise<World> {
  const [{ processors }, { records }] = await Promise.all([
    import('../processors/index.ts'),
    import('../schemas/generated/index.ts'),
  ])
  return { processors, records, sources: SOURCES }
}
