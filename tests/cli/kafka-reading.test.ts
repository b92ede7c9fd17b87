import { readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditCommand } from '../../cli/commands/audit.ts'
import { dlqCommand } from '../../cli/commands/dlq.ts'
import { stateCommand } from '../../cli/commands/state.ts'
import { topicCommand } from '../../cli/commands/topic.ts'
import { describeWithKafkaAndRegistry } from '../servers/index.ts'
import { newFolder, start } from './command.ts'
import { inProcess } from './in-process.ts'
import { newWorld, runEmbedded, runLanes, type World } from './kafka-world.ts'

/** Whatever reads a data directory reads Kafka, and finds the same there to the byte. */

const DURATION_MS = 16_000

describeWithKafkaAndRegistry('reading a topology on Kafka', (servers) => {
  const folder = newFolder()
  const dir = join(folder, 'embedded')
  let world: World

  beforeAll(async () => {
    world = await newWorld(servers)
    const { ended } = await runLanes(world, { duration_ms: DURATION_MS })
    expect((await ended).map(({ kind }) => kind)).toEqual(['ended', 'ended', 'ended'])
    await runEmbedded(dir, world, { duration_ms: DURATION_MS })
  }, 120_000)

  afterAll(async () => {
    await world?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Runs a command on both; what it says on Kafka must be what it says of the directory. */
  async function both(make: () => Parameters<typeof inProcess>[0], ...args: readonly string[]): Promise<string> {
    const there = await inProcess(make(), ...args, ...world.at)
    const here = await inProcess(make(), ...args, '--data', dir)
    expect(there).toEqual(here)
    expect(there.code, there.stderr).toBe(0)
    return there.stdout
  }

  const rows = (stdout: string) =>
    stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>)

  test('topic list: the same records, offsets and digests, which are those of the broker', async () => {
    const listed = rows(await both(topicCommand, 'list', '--json'))
    const digests = await world.target.broker.digests()
    expect(Object.fromEntries(listed.map(({ topic, records, sha256 }) => [topic, { records, sha256 }]))).toEqual(
      digests,
    )
    const records = Object.fromEntries(listed.map((row) => [row.topic, row.records]))
    expect(records[world.topic('fills.global.v1')]).toBeGreaterThan(0)
  })

  test('topic read: the same records at the same offsets', async () => {
    // Written by several lanes, so that their order in the log is chance.
    for (const shipped of ['orders.state.v1', 'signals.global.v1', 'reference.instruments.v1']) {
      const all = rows(await both(topicCommand, 'read', world.topic(shipped), '--json'))
      expect(all.length).toBeGreaterThan(1)
    }
    const part = ['read', world.topic('market.nbbo.v1'), '--from', '7', '--limit', '5', '--json']
    expect(rows(await both(topicCommand, ...part)).map(({ offset }) => offset)).toEqual([7, 8, 9, 10, 11])
  })

  test('topic read --follow: the same records as they become final', async () => {
    const topic = world.topic('decisions.v1')
    const all = await both(topicCommand, 'read', topic, '--json')
    const limit = String(rows(all).length)
    expect(await both(topicCommand, 'read', topic, '--json', '--follow', '--limit', limit)).toBe(all)
  })

  test('state: of a stage, now and as of a record', async () => {
    for (const stage of ['normalizer', 'execution', 'audit-sink']) await both(stateCommand, stage, '--json')
    const at = `${world.topic('market.nbbo.v1')}:0:100`
    expect(rows(await both(stateCommand, 'strategy', '--at', at, '--json')).length).toBeGreaterThan(0)
  })

  test('audit trace --all: every fill, order and decision back to its frames', async () => {
    const traced = rows(await both(auditCommand, 'trace', '--all', '--json'))
    expect(traced.length).toBeGreaterThan(0)
    expect(traced.filter(({ ok }) => ok !== true)).toEqual([])
  })

  test('audit verify, replay and export', async () => {
    expect(JSON.parse(await both(auditCommand, 'verify', '--json'))).toMatchObject({ ok: true, not_sealed_yet: 0 })
    const replayed = JSON.parse(await both(auditCommand, 'replay', '--json'))
    expect(replayed).toMatchObject({ different: 0, changed: [] })
    const file = join(folder, 'trail')
    const exported = JSON.parse(await both(auditCommand, 'export', file, '--json'))
    const verified = await inProcess(auditCommand(), 'verify', file, '--json')
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, head: exported.head })
  })

  test('dlq list', async () => {
    expect(await both(dlqCommand, 'list')).toBe('no dead letters\n')
  })

  const copiesOf = (pid: number | undefined) =>
    readdirSync(tmpdir()).filter((name) => name.startsWith(`aitrader-mirror-${pid}-`))

  test('no copy stays behind', () => {
    expect(copiesOf(process.pid)).toEqual([])
  })

  test('no copy stays behind Ctrl-C, nor when the next command runs after a kill', async () => {
    const interrupted = start(['audit', 'replay', ...world.at])
    while (copiesOf(interrupted.child.pid).length === 0) await setImmediate()
    interrupted.child.kill('SIGINT')
    expect((await interrupted.ended).code).toBe(130)
    expect(copiesOf(interrupted.child.pid)).toEqual([])

    const killed = start(['audit', 'replay', ...world.at])
    while (copiesOf(killed.child.pid).length === 0) await setImmediate()
    killed.child.kill('SIGKILL')
    await killed.ended
    expect(copiesOf(killed.child.pid)).toHaveLength(1)
    await inProcess(auditCommand(), 'verify', ...world.at)
    expect(copiesOf(killed.child.pid)).toEqual([])
  })

  test.each([
    [['list', '--data', 'd', '--kafka', 'k'], 'BAD_OPTION', 'give --data DIR, or --kafka HOST:PORT'],
    [['list'], 'BAD_OPTION', 'give --data DIR, or --kafka HOST:PORT'],
    [['list', '--kafka', 'localhost:1'], 'BAD_OPTION', 'give both'],
  ])('refuses %j', async (args, code, hint) => {
    const ended = await inProcess(topicCommand(), ...args)
    expect(ended).toMatchObject({ code: 2, stdout: '' })
    expect(ended.stderr).toContain(`(${code})\n`)
    expect(ended.stderr).toContain(hint)
  })

  test('refuses a topology that never ran there', async () => {
    const [kafka, address, registry, url] = world.at as [string, string, string, string]
    const ended = await inProcess(topicCommand(), 'list', kafka, address, registry, url, '--topology', 'nobody')
    expect(ended).toEqual({
      code: 2,
      stdout: '',
      stderr:
        `aitrader: no run of the topology nobody is known to the cluster at ${address} (NOT_DEPLOYED)\n` +
        '  start one with `aitrader run`, or name another with --topology FILE or NAME\n',
    })
  })
})
