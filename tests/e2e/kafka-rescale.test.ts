import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { describeWithKafkaAndRegistry } from '../servers/index.ts'
import { writeMarketCaptures } from './capture.ts'
import { aitrader, summaryOf } from './command.ts'
import { type Draft, deploy, runs } from './kafka-site.ts'

describeWithKafkaAndRegistry('aitrader rescale', (servers) => {
  const dir = mkdtempSync(join(tmpdir(), 'aitrader-rescale-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  it('divides the state anew and changes nothing of it, and the run goes on', async () => {
    const captures = await writeMarketCaptures(dir, 1, 10_000)
    const site = await deploy(servers, dir, 'rescaled')
    const before = summaryOf(await runs(site, captures, ['--json']).ended)
    expect(before.frames).toBeGreaterThan(1_000)

    const draft = parse(readFileSync(site.file, 'utf8')) as Draft
    for (const topic of Object.values(draft.topics)) if (topic.partitions === 4) topic.partitions = 6
    writeFileSync(site.file, stringify(draft))
    const at = ['--kafka', site.kafka, '--registry', site.registry, '--topology', site.file]

    const refused = await runs(site, captures).ended
    expect(refused.stderr).toContain('TOPIC_MISMATCH')
    const topic = Object.keys(site.topology.topics).find((name) => name.endsWith('market.events.v1')) as string
    const args = ['rescale', topic, '--partitions', '6', ...at]
    const dry = await aitrader([...args, '--dry-run']).ended
    expect(dry.stderr).toContain(`${topic}: 4 -> 6 partitions`)
    const done = await aitrader([...args, '--json']).ended
    expect(done, done.stderr).toMatchObject({ code: 0 })
    expect((JSON.parse(done.stdout) as { moved: number }).moved).toBeGreaterThan(0)

    const planned = await aitrader(['plan', '--detailed-exitcode', ...at]).ended
    expect(planned.code, planned.stdout).toBe(0)
    const after = summaryOf(await runs(site, captures, ['--json']).ended)
    expect(after.frames).toBe(before.frames)
    expect(after.state_sha256).toBe(before.state_sha256)
    expect((await aitrader(args).ended).stderr).toContain('NOTHING_TO_RESCALE')
  }, 180_000)
})
