import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { shippedWorld } from '../../cli/world.ts'
import { openEmbeddedReader } from '../../connectors/embedded/index.ts'
import type { Reader } from '../../runtime/api/index.ts'
import { partitionOf } from '../../runtime/api/log.ts'
import { planLanes } from '../../runtime/plan/lanes.ts'
import { plan } from '../../runtime/plan/plan.ts'
import { newWorld, runEmbedded, runLanes, type World } from '../cli/kafka-world.ts'
import { describeWithKafkaAndRegistry } from '../servers/index.ts'

/** One partition of market data is worked off by nobody, which is as slow as it gets. */

const MARKET = { duration_ms: 2_000 }

describeWithKafkaAndRegistry('a partition that stands still', (servers) => {
  const dir = mkdtempSync(join(tmpdir(), 'aitrader-slow-'))
  let world: World | undefined
  afterAll(async () => {
    await world?.close()
    rmSync(dir, { recursive: true, force: true })
  })

  test('stops no other partition, and loses nothing', async () => {
    world = await newWorld(servers, (text) => text.replaceAll(/^ +lane: market\n/gm, ''))
    const { target, topology } = world
    const books = world.topic('market.books.v1')
    const { partitions } = topology.topics[books]!
    const slow = partitionOf('BTCUSDT.BINANCE', partitions)
    const all = planLanes(plan(topology, await shippedWorld())).lanes.map(({ name }) => name)
    const behind = ['nbbo', 'trading', 'audit', `book-builder-${slow}`]
    const first = all.filter((name) => !behind.includes(name))
    expect(first).toContain(`book-builder-${(slow + 1) % partitions}`)
    // They end by themselves when everything before them has come: nobody waits for the one that stands still.
    const ends = await (await runLanes(world, MARKET, first)).ended
    expect(ends).toEqual(first.map(() => ({ kind: 'ended' })))

    await runEmbedded(dir, world, MARKET)
    const embedded = await openEmbeddedReader(dir)
    const counts = async (reader: Reader) =>
      Promise.all(Array.from({ length: partitions }, (_, partition) => recordsOf(reader, books, partition)))
    await target.broker.refresh()
    const whole = await counts(embedded)
    expect(whole[slow]).toBeGreaterThan(0)
    expect(await counts(target.broker)).toEqual(whole.with(slow, 0))

    const rest = await (await runLanes(world, MARKET, behind)).ended
    expect(rest).toEqual(behind.map(() => ({ kind: 'ended' })))
    await target.broker.refresh()
    expect(await target.broker.digests()).toEqual(await embedded.digests())
    await embedded.close()
  })
})

async function recordsOf(reader: Reader, topic: string, partition: number): Promise<number> {
  let records = 0
  for (let offset = 0; ; ) {
    const batch = await reader.read(topic, partition, offset)
    if (batch === undefined) return records
    records += batch.records
    offset = batch.base_offset + batch.records
  }
}
