/** The readers outside that the topology names, with the clients that such readers have: none of our code. */
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { type Consumer, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyCommand } from '../../cli/commands/apply.ts'
import { planCommand } from '../../cli/commands/plan.ts'
import { topicCommand } from '../../cli/commands/topic.ts'
import { describeWithKafkaAndRegistry } from '../servers/index.ts'
import { inProcess } from './in-process.ts'
import { newWorld, runLanes, type World } from './kafka-world.ts'

describeWithKafkaAndRegistry('readers outside', (servers) => {
  const kafka = new Kafka({ brokers: [servers.bootstrap], clientId: 'study', logLevel: logLevel.NOTHING })
  const registry = new SchemaRegistry({ host: servers.registry })
  const consumers: Consumer[] = []
  let world: World
  let counts: Map<string, number>

  beforeAll(async () => {
    world = await newWorld(servers)
    await (await runLanes(world, { duration_ms: 3_000 })).ended
    const applied = await inProcess(applyCommand(), '--yes', ...place())
    expect(applied.code, applied.stderr).toBe(0)
    const { stdout } = await inProcess(topicCommand(), 'list', '--json', ...world.at)
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { topic: string; records: number })
    counts = new Map(rows.map(({ topic, records }) => [topic, records]))
  }, 120_000)
  afterAll(async () => {
    await Promise.all(consumers.map((consumer) => consumer.disconnect()))
    await world?.close()
  })

  const place = () => ['--kafka', servers.bootstrap, '--registry', servers.registry, '--topology', world.file]

  /** A member of the group that reads everything there is of the topics: the records, and where it came to. */
  async function consume(group: string, topics: readonly string[]) {
    const consumer = kafka.consumer({ groupId: group })
    consumers.push(consumer)
    await consumer.connect()
    await consumer.subscribe({ topics: [...topics], fromBeginning: true })
    const found = new Map(topics.map((topic) => [topic, 0]))
    const values: unknown[] = []
    await new Promise<void>((resolve, reject) => {
      const whole = () => topics.every((topic) => found.get(topic) === counts.get(topic))
      const eachMessage = async ({ topic, message }: { topic: string; message: { value: Buffer | null } }) => {
        try {
          values.push(await registry.decode(message.value as Buffer))
        } catch (error) {
          reject(error as Error)
        }
        found.set(topic, (found.get(topic) as number) + 1)
        if (whole()) resolve()
      }
      consumer.run({ autoCommitThreshold: 1, eachMessage }).catch(reject)
    })
    return { found, values }
  }

  test.each(['strategy_consumers', 'audit_consumers', 'analytics_consumers'])(
    '%s is a group of its own, which stock clients read every committed record with',
    async (name) => {
      const { group, topics } = world.topology.external_readers![name]!
      expect(group).toBe(name)
      const { found, values } = await consume(group, topics)
      expect(found).toEqual(new Map(topics.map((topic) => [topic, counts.get(topic)])))
      expect(values).toHaveLength(topics.reduce((sum, topic) => sum + (counts.get(topic) ?? 0), 0))
      expect(values.length).toBeGreaterThan(0)
    },
    60_000,
  )

  test('a plan that changes what they read names them, and leaves their offsets alone', async () => {
    const topic = world.topic('market.nbbo.v1')
    const admin = kafka.admin()
    await admin.connect()
    const offsets = () => admin.fetchOffsets({ groupId: 'strategy_consumers', topics: [topic] })
    const before = await offsets()
    const config = { type: 2, name: topic, configEntries: [{ name: 'retention.ms', value: '600000' }] }
    await admin.alterConfigs({ validateOnly: false, resources: [config] })
    const planned = await inProcess(planCommand(), ...place())
    expect(planned.stdout).toContain(
      `strategy_consumers\n      outside (1 member) reads ${topic}: ask quantitative-research`,
    )
    expect(planned.stdout).toContain(`analytics_consumers\n      outside (1 member) reads ${topic}: ask market-data`)
    expect(planned.stdout).not.toContain('audit_consumers')
    const applied = await inProcess(applyCommand(), '--yes', ...place())
    expect(applied.code, applied.stderr).toBe(0)
    expect(await offsets()).toEqual(before)
    expect(before.flatMap(({ partitions }) => partitions).some(({ offset }) => Number(offset) > 0)).toBe(true)
    await admin.disconnect()
  })
})
