import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { objectIds } from '../../cli/audit/objects.ts'
import { replayDirectory } from '../../cli/audit/replay.ts'
import { Tracer } from '../../cli/audit/trace.ts'
import { verifyTopics } from '../../cli/audit/verify-topics.ts'
import { compose } from '../../cli/compose.ts'
import { directoryChanges } from '../../cli/deploy/directory-plan.ts'
import { openEngine } from '../../cli/engine.ts'
import { type Directory, openDirectory, readTopic } from '../../cli/reading.ts'
import { writeRunFile } from '../../cli/run-file.ts'
import { StageState } from '../../cli/stage-state.ts'
import { openEmbedded } from '../../connectors/embedded/index.ts'
import { DirectorySchemas, keepSchemas } from '../../connectors/embedded/schemas.ts'
import type { RecordType } from '../../runtime/api/index.ts'
import type { CodedReader, WriterCodecs } from '../../runtime/engine/options.ts'
import { BatchBuilder, NO_CAUSES, RecordCursor } from '../../runtime/log/batch.ts'
import { fingerprint } from '../../schemas/canonical.ts'
import { schemaId } from '../../schemas/framing.ts'
import { Decision } from '../../schemas/generated/index.ts'
import { auditedRun } from './audited-run.ts'

/**
 * A run that wrote every record as release 0.1.0 did, orders and fills among them, under audit by this build's schemas.
 */

const root = mkdtempSync(join(tmpdir(), 'older-'))
const data = join(root, 'data')
let directory: Directory

const released = JSON.parse(readFileSync(join(import.meta.dirname, '../../schemas/released/0.1.0.json'), 'utf8')) as {
  name: string
}[]
const codecs = new DirectorySchemas(join(root, 'none'))
/** Types that were other ones then. */
const older = new Set<string>()

function asReleased(type: RecordType<unknown>): RecordType<unknown> {
  const schema = released.find(({ name }) => name === type.name)
  const then = schema === undefined ? type.fingerprint : fingerprint(JSON.stringify(schema))
  if (then === type.fingerprint) return type
  older.add(type.name)
  const write = codecs.writer(schemaId({ fingerprint: then }), type)
  return {
    ...type,
    fingerprint: then,
    encode(value, arena) {
      if (!write(value, arena)) throw new Error(`release 0.1.0 could not have written ${JSON.stringify(value)}`)
    },
  }
}

/** Values of a topic's records. */
async function all(of: Directory, topic: string): Promise<unknown[]> {
  const values: unknown[] = []
  for await (const { value } of readTopic(of, topic)) values.push(value)
  return values
}

beforeAll(async () => {
  const broker = await openEmbedded(data, { topology: 'crypto' })
  const { run } = await auditedRun({ broker, duration_ms: 8_000, build: '0.1.0', writtenAs: asReleased })
  writeRunFile(data, run)
  await broker.close()
  directory = await openDirectory(data)
})
afterAll(async () => {
  await directory.reader.close()
  rmSync(root, { recursive: true })
})

describe('a directory of older schemas', () => {
  it('holds records of all that changed', () => {
    expect([...older].sort()).toEqual(['BookUpdate', 'Decision', 'MarketEvent', 'Nbbo', 'PatternSignal', 'Prediction'])
    expect(Object.keys(directory.run.topology.topics)).toContain('decisions.v1')
  })

  it('is read as ours', async () => {
    const decisions = await all(directory, 'decisions.v1')
    expect(decisions.length).toBeGreaterThan(0)
    expect(decisions.every((value) => (value as Decision).inputs.length > 0)).toBe(true)
    const events = await all(directory, 'market.events.v1')
    expect(events.length).toBeGreaterThan(0)
    for (const value of events) expect(value).toMatchObject({ order: null, session: null })
  })

  it('is traced through the ids that its decisions and predictions name', async () => {
    const { reader, run } = directory
    const tracer = await Tracer.open(reader, run.topology)
    const ids = await objectIds(reader, run.topology, tracer)
    const traces = []
    for (const id of ids) traces.push(await tracer.trace(id))
    expect(traces.filter(({ ok }) => !ok)).toEqual([])
    expect(new Set(traces.map(({ kind }) => kind))).toEqual(new Set(['fill', 'order', 'decision']))
  })

  it('holds under its seals', async () => {
    expect(await verifyTopics(directory.reader, directory.run.topology)).toMatchObject({ ok: true })
  })

  it('is made again byte by byte, as it was written', async () => {
    const result = await replayDirectory(directory.reader, directory.run)
    expect(result).toMatchObject({ different: 0, first_difference: null, stopped: undefined })
    expect(result.changed).toContain('schemas')
    expect(result.compared).toBeGreaterThan(3_000)
  })

  it('and a record that was changed differs', async () => {
    const { reader, run } = directory
    const place = { topic: 'market.nbbo.v1', partition: 0 }
    const changed: CodedReader = {
      codecs: reader.codecs as WriterCodecs,
      topics: () => reader.topics(),
      partition: (topic, partition) => reader.partition(topic, partition),
      highWatermark: (topic, partition) => reader.highWatermark(topic, partition),
      follow: (from) => reader.follow(from),
      offsetAt: (topic, partition, at_us) => reader.offsetAt(topic, partition, at_us),
      scan: (store, prefix) => reader.scan(store, prefix),
      get: (store, key) => reader.get(store, key),
      digests: () => reader.digests(),
      close: async () => {},
      async read(topic, partition, offset) {
        const batch = await reader.read(topic, partition, offset)
        if (batch === undefined || topic !== place.topic || batch.base_offset > 100) return batch
        const cursor = new RecordCursor(batch, 100)
        if (!cursor.next()) return batch
        const bodies = Buffer.from(batch.bodies)
        bodies.writeUInt8(bodies.readUInt8(cursor.body_end - 1) ^ 2, cursor.body_end - 1)
        return { ...batch, bodies }
      },
    }
    expect(await replayDirectory(changed, run)).toMatchObject({
      different: 1,
      first_difference: { ...place, offset: 100, what: 'body' },
    })
  })

  it('shows the states that its snapshots hold', async () => {
    const { topology, source, seed } = directory.run
    const state = new StageState(directory.reader, await compose(topology, source, seed), 'strategy')
    expect(await state.now()).not.toEqual([])
  })

  it('is refused by everybody alike where one record cannot be read as ours', async () => {
    const dir = join(root, 'incompatible')
    cpSync(data, dir, { recursive: true })
    const { fields, ...rest } = JSON.parse(Decision.schema) as { fields: { name: string }[] }
    const schema = JSON.stringify({ ...rest, fields: fields.filter(({ name }) => name !== 'inputs') })
    keepSchemas(dir, [{ schema }])
    const broker = await openEmbedded(dir, { topology: 'crypto' })
    const builder = new BatchBuilder('decisions.v1', 0, schemaId({ fingerprint: fingerprint(schema) }))
    builder.appendBody(Uint8Array.of(0), 'demo', 'strategy/0', 1_000_000, 1, NO_CAUSES)
    await (await broker.producer('other')).commit({ batches: [builder.batch()], puts: [] })
    const { topology, source, seed } = directory.run
    const composition = await compose(topology, source, seed)
    const said =
      'records of another schema of Decision cannot be read as ours: `inputs` was not written and has no default'
    const refused = { code: 'SCHEMA_CHANGED', exit_code: 2, message: `decisions.v1: ${said}` }
    await expect(openEngine(broker, composition)).rejects.toMatchObject(refused)
    await broker.close()

    const opened = await openDirectory(dir)
    try {
      await expect(all(opened, 'decisions.v1')).rejects.toMatchObject(refused)
      const tracer = await Tracer.open(opened.reader, topology)
      await expect(tracer.trace('strategy/0:1000000')).rejects.toMatchObject({ code: 'SCHEMA_CHANGED', message: said })
      await expect(replayDirectory(opened.reader, opened.run)).rejects.toMatchObject({ code: 'SCHEMA_CHANGED' })
      const changes = await directoryChanges(opened, topology, [])
      expect(changes.find(({ resource }) => resource === 'decisions.v1')?.blocked).toMatchObject({
        code: 'SCHEMA_CHANGED',
        reason: `decisions.v1: ${said}`,
      })
    } finally {
      await opened.reader.close()
    }
  })
})
