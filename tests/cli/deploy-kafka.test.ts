import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadTopology } from '../../cli/compose.ts'
import { pending } from '../../cli/deploy/changes.ts'
import { apply, compare, goalOf } from '../../cli/deploy/deployment.ts'
import type { OpenSite } from '../../cli/deploy/site.ts'
import * as admin from '../../connectors/kafka/admin.ts'
import { Cluster } from '../../connectors/kafka/cluster.ts'
import { openWire } from '../../connectors/kafka/wires.ts'
import { MarketEvent } from '../../schemas/generated/index.ts'
import { describeWithKafkaAndRegistry } from '../servers/index.ts'
import { aitrader, capture, captureLines, type Ended, newFolder } from './command.ts'
import { inProcess, smallTopology, withSite } from './deploy-site.ts'

describeWithKafkaAndRegistry('deploying to a real cluster', ({ bootstrap: kafka, registry }) => {
  const servers = { kafka, registry }
  const addresses = ['--kafka', kafka, '--registry', registry]
  const command = (name: string, file: string, ...more: string[]) =>
    inProcess(name, ...addresses, '--topology', file, ...more)

  const planned = async (site: OpenSite, file: string) =>
    compare(
      await goalOf(
        { topology: await loadTopology(file), replication: undefined, principal: undefined, allow_loss: [] },
        site,
      ),
      site,
    )
  const applied = (file: string) =>
    withSite(servers, file, async (site) => {
      await apply(await planned(site, file), site, () => {})
    })
  const waiting = (file: string) =>
    withSite(servers, file, async (site) => pending((await planned(site, file)).changes))
  const topicsThere = (file: string, prefix: string) =>
    withSite(servers, file, async ({ cluster }) => (await cluster.topicNames()).filter((name) => name.includes(prefix)))

  const withAdmin = async <T>(work: (cluster: Cluster) => Promise<T>): Promise<T> => {
    const [host = '', port = ''] = kafka.split(':')
    const at = [{ host, port: Number(port) }]
    const cluster = await Cluster.connect(await openWire('kafkajs', { bootstrap: at }), at)
    try {
      return await work(cluster)
    } finally {
      await cluster.close()
    }
  }
  const json = ({ stdout }: Ended) => JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>

  test('from nothing to an empty plan', async () => {
    const { file, name } = smallTopology()
    const { topics, subjects } = await withSite(servers, file, async (site) => (await planned(site, file)).desired)
    const all = topics.length + subjects.length
    const before = await command('plan', file, '--detailed-exitcode', '--json')
    expect([before.code, json(before)]).toMatchObject([
      1,
      { topology: name, empty: false, create: all, destructive: 0 },
    ])
    const applying = await command('apply', file, '--json')
    expect([applying.code, json(applying)]).toMatchObject([0, { create: all, empty: true }])
    // As users do it: a process, its output, its exit code.
    const after = await aitrader('plan', ...addresses, '--topology', file, '--detailed-exitcode', '--json')
    expect([after.code, json(after)]).toMatchObject([0, { empty: true, create: 0, update: 0 }])
    const again = await command('apply', file)
    expect([again.code, again.stdout.trim().split('\n').at(-1)]).toEqual([0, 'applied; nothing remains to be changed'])
  })

  test('a setting that was changed behind our back is put right', async () => {
    const { file, events } = smallTopology()
    await applied(file)
    await withAdmin((cluster) => admin.alterConfigs(cluster, [{ topic: events, config: { 'retention.ms': '1000' } }]))
    expect((await waiting(file)).map(({ resource, detail }) => [resource, detail])).toEqual([
      [events, ['retention.ms: 1000 -> -1']],
    ])
    await applied(file)
    expect(await waiting(file)).toEqual([])
  })

  test('a registry that is down: nothing is made', async () => {
    const { file, name } = smallTopology()
    const ended = await inProcess('apply', '--kafka', kafka, '--registry', 'http://127.0.0.1:1/', '--topology', file)
    expect(ended.code).toBe(4)
    expect(ended.stderr).toMatch(/REGISTRY_UNREACHABLE[\s\S]*start it, or check --registry/)
    expect(await topicsThere(file, name)).toEqual([])
  })

  test('a wrong address of the cluster', async () => {
    const { file } = smallTopology()
    const ended = await inProcess('plan', '--kafka', '127.0.0.1:1', '--registry', registry, '--topology', file)
    expect(ended.code).toBe(4)
    expect(ended.stderr).toMatch(
      /^aitrader: no Kafka broker answers at 127\.0\.0\.1:1: .*\(KAFKA_UNREACHABLE\)\n {2}\S/,
    )
  })

  test('both addresses are needed', async () => {
    const ended = await inProcess('plan', '--kafka', kafka)
    expect([ended.code, ended.stderr]).toEqual([
      2,
      'aitrader: --registry is missing (BAD_OPTION)\n  give both: --kafka HOST:PORT --registry http://HOST:PORT/apis/ccompat/v7\n',
    ])
  })

  test('a schema that readers could not read: named, and nothing is made', async () => {
    const { file, name, events } = smallTopology()
    const text = MarketEvent.schema.replace('"name":"sequence","type":"long"', '"name":"sequence","type":"string"')
    await withSite(servers, file, (site) => site.registry.register(`${events}-value`, text, 'FULL_TRANSITIVE'))
    const ended = await command('apply', file, '--yes')
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain('nothing was changed: MarketEvent on')
    expect(ended.stderr).toContain('sequence was string and is read as long (book-builder could not read')
    expect(ended.stderr).toContain('SCHEMA_INCOMPATIBLE')
    expect(await topicsThere(file, name)).toEqual([])
  })

  test('another number of partitions: in the way with records, made again without', async () => {
    const small = smallTopology()
    await applied(small.file)
    const other = smallTopology({ name: small.name, partitions: 3 })
    const asked = await command('apply', other.file)
    expect(asked.code).toBe(2)
    expect(asked.stderr).toContain('CONFIRMATION_NEEDED')
    expect(await waiting(small.file)).toEqual([])
    const ended = await command('apply', other.file, '--yes')
    expect([ended.code, ended.stderr.split('\n').filter((line) => line.startsWith('aitrader'))]).toEqual([0, []])
    expect(await waiting(other.file)).toEqual([])
  })

  test('a cluster that is not the one of the last apply', async () => {
    const { file } = smallTopology()
    await applied(file)
    await withSite(servers, file, async ({ memory }) => {
      const known = await memory.applied()
      await memory.remember({ ...known!, cluster_id: 'another' })
    })
    const ended = await command('apply', file, '--yes')
    expect([ended.code, ended.stderr.includes('CLUSTER_CHANGED')]).toEqual([1, true])
    expect(ended.stderr).toMatch(/what is on it was applied to another[\s\S]*check --kafka/)
  })

  describe('a saved plan', () => {
    const saved = async (file: string) => {
      const path = `${newFolder()}/plan.json`
      const ended = await command('plan', file, '--out', path)
      expect(ended.code).toBe(0)
      return path
    }

    test('is applied as it was shown', async () => {
      const { file } = smallTopology()
      const path = await saved(file)
      const ended = await inProcess('apply', path)
      expect([ended.code, ended.stdout.includes('applied; nothing remains')]).toEqual([0, true])
      expect(await waiting(file)).toEqual([])
    })

    test('is refused when something else changed, by name, and changes nothing', async () => {
      const { file, events } = smallTopology()
      await applied(file)
      await withAdmin((cluster) => admin.alterConfigs(cluster, [{ topic: events, config: { 'retention.ms': '1000' } }]))
      const path = await saved(file)
      await withAdmin((cluster) => admin.alterConfigs(cluster, [{ topic: events, config: { 'retention.ms': '2000' } }]))
      const ended = await inProcess('apply', path, '--yes')
      expect(ended.code).toBe(1)
      expect(ended.stderr).toMatch(/nothing was changed: the plan is out of date\n {2}topic t-\S+events\.v1: was /)
      expect((await waiting(file))[0]?.detail).toEqual(['retention.ms: 2000 -> -1'])
    })

    test('is finished where an apply of it was cut short', async () => {
      const { file } = smallTopology()
      const path = await saved(file)
      await withSite(servers, file, async (site) => {
        const { desired } = await planned(site, file)
        await site.cluster.createTopics(desired.topics.slice(0, 4), false)
        const { subject, schema, mode } = desired.subjects[0]!
        await site.registry.register(subject, schema, mode)
      })
      const ended = await inProcess('apply', path)
      expect([ended.code, ended.stdout.includes('applied; nothing remains')]).toEqual([0, true])
      expect(await waiting(file)).toEqual([])
    })

    test('of another cluster is refused', async () => {
      const { file, name } = smallTopology()
      const path = await saved(file)
      const { preconditions, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, object>
      writeFileSync(path, JSON.stringify({ ...rest, preconditions: { ...preconditions, cluster_id: 'elsewhere' } }))
      const ended = await inProcess('apply', path)
      expect([ended.code, ended.stderr.includes('cluster: was elsewhere')]).toEqual([1, true])
      expect(await topicsThere(file, name)).toEqual([])
    })
  })

  test('what ran is kept; a stage is reset alone, one is added, everything is reset', async () => {
    const { file, name, events } = smallTopology()
    await applied(file)
    const lines = await captureLines(3, 200)
    const path = capture(newFolder(), 'frames.txt', lines)
    const run = async (of: string) => {
      const replay = ['--replay', path, '--format', 'binance-spot', '--once', '--json']
      const ended = await aitrader('run', ...addresses, '--topology', of, ...replay)
      expect([ended.code, ended.stderr]).toEqual([0, ''])
      return json(ended) as { frames: number; topics: Record<string, { records: number; sha256: string }> }
    }
    const stores = (of: string) =>
      withSite(servers, of, async (site) => {
        const { changes } = await planned(site, of)
        const impacts = changes.filter(({ kind }) => kind === 'store').map((one) => [one.resource, one.impact])
        return { impacts, rest: pending(changes) }
      })
    const first = await run(file)
    expect(first.frames).toBe(lines.length)
    const kept = [
      ['normalizer', 'kept'],
      ['book-builder', 'kept'],
    ]
    expect(await stores(file)).toEqual({ impacts: kept, rest: [] })

    const blocked = await command('apply', smallTopology({ name, partitions: 3 }).file, '--yes')
    expect([blocked.code, blocked.stderr.includes('TOPIC_MISMATCH')]).toEqual([1, true])
    expect(blocked.stderr).toContain('say `partitions: 2` again')

    const alone = await inProcess('reset', '--kafka', kafka, '--topology', file, '--stages', 'book-builder')
    const computed = /^compute the state of book-builder again from \d+ records\n$/
    expect([alone.code, alone.stdout]).toEqual([0, expect.stringMatching(computed)])
    expect(await stores(file)).toEqual({ impacts: kept, rest: [] })

    // Behind the others: it begins with all there is, and they go on.
    const more = smallTopology({ name, nbbo: true })
    const { impacts, rest } = await stores(more.file)
    expect(impacts).toEqual([...kept.map(([stage]) => [stage, 'migrated']), ['nbbo', 'new']])
    expect(rest.map(({ kind, action, resource }) => `${action} ${kind} ${resource}`)).toEqual([
      `create topic t-${name}.nbbo.v1`,
      `update topic ${name}.journal`,
      `update topic ${name}.frontiers`,
      `create subject t-${name}.nbbo.v1-value`,
    ])
    expect(rest.some(({ destructive, blocked: why }) => destructive || why !== undefined)).toBe(false)
    await applied(more.file)
    const second = await run(more.file)
    const { [`t-${name}.nbbo.v1`]: _, [`t-${name}.dead.v1`]: dead, ...others } = second.topics
    expect(first.topics).toMatchObject(others)
    // Instruments that nobody declared are refused by the new stage, each once.
    expect(dead?.records).toBe(3)

    const refused = await inProcess('reset', '--kafka', kafka, '--topology', more.file)
    expect([refused.code, refused.stderr.includes('RECORDS_REMAIN')]).toEqual([2, true])
    const shown = await inProcess('reset', '--kafka', kafka, '--topology', more.file, '--records', '--dry-run')
    expect(shown.stdout).toContain(`make ${events} again; `)
    expect((await stores(more.file)).impacts).toHaveLength(3)
    const all = await inProcess('reset', '--kafka', kafka, '--topology', more.file, '--records', '--yes')
    expect(all.code).toBe(0)
    const fresh = ['normalizer', 'book-builder', 'nbbo'].map((stage) => [stage, 'new'])
    expect(await stores(more.file)).toEqual({ impacts: fresh, rest: [] })
    expect(await run(more.file)).toMatchObject({ topics: second.topics })
  }, 180_000)
})
