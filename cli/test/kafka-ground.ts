import { randomBytes } from 'node:crypto'
import { createTopics, deleteTopics } from '../../connectors/kafka/admin.ts'
import { openKafka } from '../../connectors/kafka/index.ts'
import { namesOf } from '../../connectors/kafka/names.ts'
import { readSecurity } from '../../connectors/kafka/security.ts'
import { Codecs, registryOptions } from '../../connectors/registry/index.ts'
import type { TopicSpec } from '../../runtime/api/index.ts'
import { frontiersTopic } from '../../runtime/engine/frontiers.ts'
import { journalTopic } from '../../runtime/engine/journal.ts'
import { topicSpecs } from '../../runtime/plan/topics.ts'
import type { TopologyTest } from '../../runtime/topology/test-file.ts'
import { lanesOf, playInLanes } from '../../runtime/topology/test-lanes.ts'
import { engineOptions } from '../../runtime/topology/test-run.ts'
import { readWritten, scriptOf } from '../../runtime/topology/test-script.ts'
import { wallClock } from '../engine.ts'
import { kafkaOf, parseBootstrap, type Target } from '../run/target.ts'
import type { Case } from './files.ts'
import type { OpenGround } from './open-ground.ts'
import { registerSubjects } from './subjects.ts'

/**
 * Kafka as a ground for tests: every test on topics of its own, every lane as `aitrader run` has it.
 *
 * All names of one call begin with `test-` and eight random hex digits, so that calls share a cluster. The topics of all
 * tests are made by few requests before the first and deleted by few after the last; each record type is registered once.
 */

/** Tests that run at once: they wait for the broker far more than they compute. */
const AT_ONCE = 8
/** How long one test may take, milliseconds. */
const LIMIT_MS = 120_000
/** Topics per request: a controller refuses to do too much at once. */
const TOPICS_PER_REQUEST = 100
/** A test has few keys: more shards would be files that nobody writes. */
const STATE_SHARDS = 1

interface NewTopic {
  readonly topic: string
  readonly partitions: number
  readonly replication: number
  readonly config: Readonly<Record<string, string>>
}

/** Rejects as `openKafka`, `openRegistry` and the cluster do; what was made by then is removed. */
export async function openKafkaGround(target: Target, cases: readonly Case[], stop: AbortSignal): Promise<OpenGround> {
  const run = `test-${randomBytes(4).toString('hex')}`
  const common = {
    bootstrap: parseBootstrap(target.kafka),
    security: await readSecurity(process.env),
    state_shards: STATE_SHARDS,
  }
  const client = cases[0] === undefined ? undefined : kafkaOf(cases[0].options.topology).client
  const admin = await openKafka({ ...common, client, topology: run })
  const prefixes = new Map<TopologyTest, string>()
  const topics = cases.flatMap(({ test, stages, options }, number) => {
    const script = scriptOf(test, stages, options.topology)
    const prefix = `${run}-${number}.`
    prefixes.set(test, prefix)
    const { plan, lanes } = lanesOf(script, options.world)
    const specs = [...topicSpecs(plan), journalTopic(plan), frontiersTopic(lanes)]
    return topicsOf(options.topology.name, prefix, specs)
  })
  const subjects = await registerSubjects(target.registry, registryOptions(process.env), run, cases).catch(
    async (error: unknown) => {
      await admin.close()
      throw error
    },
  )
  const close = async () => {
    try {
      for (const part of parts(topics))
        await deleteTopics(
          admin.cluster,
          part.map(({ topic }) => topic),
        )
    } finally {
      await admin.close()
      await subjects.remove()
    }
  }
  const began_ms = wallClock.now_ms()
  try {
    for (const part of parts(topics)) await createTopics(admin.cluster, part)
  } catch (error) {
    await close()
    throw error
  }
  const took_ms = Math.round(wallClock.now_ms() - began_ms)
  process.stderr.write(`${cases.length} tests on ${target.kafka}: ${topics.length} topics made in ${took_ms} ms\n`)
  const codecs = new Codecs(subjects.registry)
  return {
    at_once: AT_ONCE,
    close,
    play: async (script, options) => {
      const { name: topology } = script.topology
      const { client, compression } = kafkaOf(script.topology)
      const prefix = prefixes.get(script.test)
      const broker = await openKafka({ ...common, client, compression, topology, prefix })
      try {
        const { world } = options
        await playInLanes(script, {
          ...engineOptions(script, options),
          world,
          broker,
          codecs,
          schemaId: subjects.schemaId,
          clock: wallClock,
          signal: AbortSignal.any([stop, AbortSignal.timeout(LIMIT_MS)]),
          backOff: (attempt) => wallClock.wait(Math.min(1000, 5 * 2 ** attempt)),
        })
        await broker.refresh()
        return await readWritten(broker, script, lanesOf(script, world).plan)
      } finally {
        await broker.close()
      }
    },
  }
}

/** As the broker port would make them, one by one. */
function topicsOf(topology: string, prefix: string, specs: readonly TopicSpec[]): NewTopic[] {
  const names = namesOf(topology, prefix)
  // Stream time begins at 0, which is long ago for whoever counts from today.
  const kept = { 'retention.ms': '-1' }
  const topics: Omit<NewTopic, 'replication'>[] = specs.map(({ name, partitions }) => {
    return { topic: names.topic(name), partitions, config: kept }
  })
  const compacted = { ...kept, 'cleanup.policy': 'compact' }
  topics.push({ topic: names.state, partitions: STATE_SHARDS, config: compacted })
  topics.push({ topic: names.topics, partitions: 1, config: compacted })
  return topics.map((topic) => ({ ...topic, replication: -1 }))
}

function* parts(topics: readonly NewTopic[]): Generator<readonly NewTopic[]> {
  for (let from = 0; from < topics.length; from += TOPICS_PER_REQUEST) {
    yield topics.slice(from, from + TOPICS_PER_REQUEST)
  }
}
