import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Summary } from '../../cli/summary.ts'
import { describeWithKafkaAndRegistry } from '../servers/index.ts'
import { RECORDED_FILE, writeMarketCaptures } from './capture.ts'
import { deploy, resultsOf, runs, type Site, undisturbed } from './kafka-site.ts'
import { NO_DATA } from './spine.ts'
import { results } from './whole-run.ts'

if (RECORDED_FILE === undefined) console.warn(`Kafka against a generated capture: ${NO_DATA}`)

describeWithKafkaAndRegistry(
  `${RECORDED_FILE === undefined ? 'a generated capture' : 'the recorded Binance file'} on Kafka`,
  (servers) => {
    const dir = mkdtempSync(join(tmpdir(), 'aitrader-equal-'))
    let captures: readonly string[]
    beforeAll(async () => {
      captures = RECORDED_FILE === undefined ? await writeMarketCaptures(dir, 1, 30_000) : [RECORDED_FILE]
    })
    afterAll(() => rmSync(dir, { recursive: true, force: true }))

    for (const processes of [1, 3]) {
      let site: Site
      let whole: Summary

      const by = processes === 1 ? 'one process' : `${processes} processes`

      it(`leaves by ${by} what it leaves embedded`, async () => {
        site = await deploy(servers, join(dir, by), `equal-${processes}`)
        const lives = Array.from({ length: processes }, () => runs(site, captures, ['--json']))
        whole = await undisturbed(site, captures)
        for (const { ended } of lives) expect(resultsOf(await ended)).toEqual(results(whole))
      }, 180_000)

      it(`adds nothing when run again behind ${by}`, async () => {
        const again = runs(site, captures, ['--json'])
        expect(resultsOf(await again.ended)).toEqual(results(whole))
      }, 180_000)
    }
  },
)
