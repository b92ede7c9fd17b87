import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { Summary } from '../../cli/summary.ts'
import { describeWithKafkaAndRegistry } from '../servers/index.ts'
import { type Captured, ofManyMarkets, writeManyMarkets } from './kafka-captures.ts'
import { expectEveryIndexOnce, expectTraced, expectUndisturbed, figures } from './kafka-kills.ts'
import { deploy, type Site, undisturbed } from './kafka-site.ts'
import { storm } from './kafka-storm.ts'

/**
 * Ten times `kill -9` over three processes that share twenty lanes, while records flow. Two hundred of them, and a
 * restart of the broker: `kafka-kill.full.test.ts`.
 */
describeWithKafkaAndRegistry('kill -9 on Kafka', (servers) => {
  const dir = mkdtempSync(join(tmpdir(), 'aitrader-kafka-kill-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  let site: Site
  let captured: Captured
  let whole: Summary

  it('ten times', async () => {
    site = await deploy(servers, dir, 'kill-ten', ofManyMarkets)
    captured = await writeManyMarkets(dir, { frames_per_s: 400, duration_ms: 25_000 })
    const stormy = await storm({ site, captured, seed: 10, kills: 10, pauses: 2, speed: 1 })
    whole = await undisturbed(site, captured.captures)
    const records = await expectEveryIndexOnce(site, whole)
    expect(stormy.kills).toBe(10)
    // Each is in the dead letter once: its letter and its position are of one transaction.
    const [[, dead] = []] = Object.entries(whole.topics).filter(([name]) => name.includes('dead-letter'))
    expect(dead?.records).toBe(captured.poison)
    expect(captured.poison).toBeGreaterThan(20)
    console.info(`kill -9 on Kafka: ${JSON.stringify(figures(stormy, records))}`)
  }, 300_000)

  it('leaves what an undisturbed run leaves', async () => {
    await expectUndisturbed(site, captured, whole)
  }, 120_000)

  it('leaves records that can be traced to their frames', () => expectTraced(site), 120_000)
})
