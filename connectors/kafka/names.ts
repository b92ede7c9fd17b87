/**
 * What things of the port are called on Kafka.
 *
 * User topics keep their names. Internal ones (`aitrader.journal`, `aitrader.frontiers`) begin with the topology's name
 * instead of `aitrader`, so that topologies share a cluster; so do transactional ids. The one compacted topic for all
 * stores is `<topology>.state`, that for what topics were declared with `<topology>.topics`. A prefix goes before all.
 */
export interface Names {
  topic(port_name: string): string
  transactionalId(id: string): string
  readonly state: string
  readonly topics: string
}

const INTERNAL = 'aitrader.'

export function namesOf(topology: string, prefix = ''): Names {
  const own = `${topology}.`
  return {
    topic: (name) => prefix + (name.startsWith(INTERNAL) ? own + name.slice(INTERNAL.length) : name),
    transactionalId: (id) => prefix + (id.startsWith(own) ? id : own + id),
    state: `${prefix}${own}state`,
    topics: `${prefix}${own}topics`,
  }
}
