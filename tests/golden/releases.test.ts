import { copyFileSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { directoryChanges } from '../../cli/deploy/directory-plan.ts'
import { renderPlan } from '../../cli/deploy/render.ts'
import { openDirectory } from '../../cli/reading.ts'
import { lintTopology } from '../../cli/topology-file.ts'
import { shippedWorld } from '../../cli/world.ts'
import { describe as describePlan } from '../../runtime/plan/describe.ts'
import { plan } from '../../runtime/plan/plan.ts'
import { aitrader, newFolder } from '../cli/command.ts'

/**
 * What this build does with the topology of each release and with a data directory that its run left: nothing about an
 * upgrade changes unseen. `migration.yaml` is what the changelog asks of an operator; CONTRIBUTING.md says how a release
 * is added.
 */
const RELEASES = join(import.meta.dirname, 'releases')
const world = await shippedWorld()
const folder = newFolder()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(readdirSync(RELEASES))('release %s', (release) => {
  const own = join(RELEASES, release)
  const file = join('tests/golden/releases', release, 'topology.yaml')
  const migration = globSync('migration.yaml', { cwd: own }).map((name) => join('tests/golden/releases', release, name))
  const flags = ['--topology', file, ...migration.flatMap((path) => ['--overlay', path])]

  /** A data directory as the release left it. */
  function left(name: string): string {
    const dir = join(folder, release, name)
    mkdirSync(dir, { recursive: true })
    for (const plain of ['format.json', 'run.json']) copyFileSync(join(own, plain), join(dir, plain))
    writeFileSync(join(dir, 'log.mdb'), brotliDecompressSync(readFileSync(join(own, 'log.mdb.br'))))
    return dir
  }

  function migrated() {
    const { topology, findings } = lintTopology(file, world, migration)
    expect(findings).toEqual([])
    return topology!
  }

  it('needs no other edit of its topology than the changelog asks for', async () => {
    const lines = lintTopology(file, world).findings.map(({ line, code, message }) => `${line} ${code} ${message}\n`)
    await expect(lines.join('')).toMatchFileSnapshot(join(own, 'lint.txt'))
    await expect(describePlan(plan(migrated(), world))).toMatchFileSnapshot(join(own, 'plan.txt'))
  })

  it('has a directory of which the plan says what becomes of it', async () => {
    const directory = await openDirectory(left('planned'))
    try {
      const changes = await directoryChanges(directory, migrated(), [])
      await expect(renderPlan(changes, false)).toMatchFileSnapshot(join(own, 'upgrade.txt'))
    } finally {
      await directory.reader.close()
    }
  })

  it('has a directory that is read and audited as it was written', async () => {
    const dir = left('read')
    const run = async (...args: readonly string[]) => {
      const ended = await aitrader(...args, '--data', dir)
      expect(ended.code, ended.stderr).toBe(0)
      return ended.stdout.trim()
    }
    const { compared, different, stopped } = JSON.parse(await run('audit', 'replay', '--json'))
    expect({ different, stopped }).toEqual({ different: 0, stopped: undefined })
    expect(compared).toBeGreaterThan(100)
    expect(await run('audit', 'verify')).toMatch(/^ok, /)
    const events = (await run('topic', 'read', 'market.events.v1', '--json')).split('\n')
    expect(events.length).toBeGreaterThan(50)
    expect(await run('state', 'book-builder', '--json')).toContain('BTCUSDT.BINANCE')
    expect(await run('dlq', 'list')).toBe('no dead letters')
    // Seals are cut each second, later than such a short run ends.
    const traced = JSON.parse((await aitrader('audit', 'trace', 'nbbo/0:20', '--json', '--data', dir)).stdout)
    expect(traced.frames.length).toBeGreaterThan(0)
    expect(traced.reason).toContain('it is not sealed yet')
  }, 60_000)

  it('has its directory taken over or refused, as the plan says, and begun anew with --rebuild', async () => {
    const dir = left('upgraded')
    const directory = await openDirectory(dir)
    const blocked = (await directoryChanges(directory, migrated(), [])).some((change) => change.blocked !== undefined)
    await directory.reader.close()
    const taken = await aitrader('up', '--data', dir, ...flags, '--for', '100ms')
    expect(taken.code, taken.stderr).toBe(blocked ? 2 : 0)
    // Both builds' records, each as its build wrote them.
    const audited = await aitrader('audit', 'replay', '--json', '--data', dir)
    expect(JSON.parse(audited.stdout)).toMatchObject({ different: 0 })
    const anew = await aitrader('up', '--data', dir, ...flags, '--for', '100ms', '--rebuild')
    expect(anew.code, anew.stderr).toBe(0)
    expect(anew.stderr).toContain('the directory as it was is now ')
  }, 60_000)
})
