import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { ROOT } from '../../cli/compose.ts'
import type { Summary } from '../../cli/summary.ts'
import { describeWithKafkaAndRegistry, type Kafka, startKafka } from '../servers/index.ts'
import { type Captured, ofManyMarkets, writeManyMarkets } from './kafka-captures.ts'
import { expectEveryIndexOnce, expectTraced, expectUndisturbed, figures } from './kafka-kills.ts'
import { deploy, type Site, undisturbed } from './kafka-site.ts'
import { storm } from './kafka-storm.ts'

/**
 * 200 times `kill -9` over three processes and eight partitions while two million records flow, with pauses and one
 * restart of the broker. With AITRADER_RESULTS the figures are kept in `bench/results`.
 */
const KILLS = 200
const HOUR_MS = 3_600_000

describeWithKafkaAndRegistry('200 times kill -9 on Kafka', ({ registry }) => {
  const dir = mkdtempSync(join(tmpdir(), 'aitrader-kafka-kills-'))
  let kafka: Kafka | undefined
  let site: Site
  let captured: Captured
  let whole: Summary
  afterAll(async () => {
    await kafka?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  it(
    'while two million records flow',
    async () => {
      const broker = await startKafka({ own: true })
      kafka = broker
      site = await deploy({ bootstrap: broker.bootstrap, registry }, dir, 'kill-many', ofManyMarkets)
      captured = await writeManyMarkets(dir, { frames_per_s: 400, duration_ms: 600_000 })
      whole = await undisturbed(site, captured.captures)
      const stormy = await storm({
        ...{ site, captured, seed: 200, kills: KILLS, pauses: 30, speed: 2 },
        half_way: () => broker.restart(),
        log: (text) => process.stderr.write(`${text}\n`),
      })
      const records = await expectEveryIndexOnce(site, whole)
      expect(stormy.kills).toBe(KILLS)
      expect(records).toBeGreaterThan(2_000_000)
      const found = figures(stormy, records)
      console.info(`200 times kill -9 on Kafka: ${JSON.stringify(found)}`)
      if (process.env.AITRADER_RESULTS !== undefined) {
        writeFileSync(join(ROOT, 'bench/results/kafka-kills.json'), `${JSON.stringify(found, undefined, 2)}\n`)
      }
    },
    2 * HOUR_MS,
  )

  it('leaves what an undisturbed run leaves', () => expectUndisturbed(site, captured, whole), HOUR_MS)

  it('leaves records that can be traced to their frames', () => expectTraced(site), HOUR_MS)
})
