import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Summary } from '../../cli/summary.ts'
import { describeWithKafkaAndRegistry, startKafka } from '../servers/index.ts'
import { captureLines, writeMarketCaptures } from './capture.ts'
import { Member } from './kafka-member.ts'
import { deploy, resultsOf, runs, type Servers, type Site, undisturbed } from './kafka-site.ts'
import { Watch } from './kafka-watch.ts'
import { results } from './whole-run.ts'

/**
 * Lanes of the shipped topology that change their process while records flow: by a process that joins, one that leaves,
 * one that is taken for dead and comes back. Slow enough that the sources are at work all the while.
 */
const SPEED = ['--speed', '2x']
const STREAM_MS = 30_000

describeWithKafkaAndRegistry('lanes that change their process', (servers) => {
  const dir = mkdtempSync(join(tmpdir(), 'aitrader-moves-'))
  let captures: readonly string[]
  let begin_us: number
  let troupe: Troupe | undefined

  beforeAll(async () => {
    captures = await writeMarketCaptures(dir, 1, STREAM_MS)
    begin_us = Math.min(...captures.map((path) => Number(captureLines(path)[0]!.receive_ns) / 1000))
  })
  afterEach(() => troupe?.close())
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  const play = async (name: string, at: Servers = servers) => {
    const site = await deploy(at, dir, name)
    const whole = await undisturbed({ ...site, dir: join(dir, name) }, captures)
    troupe = await Troupe.open(site, captures, whole)
    return troupe
  }
  const share = (of: number) => begin_us + STREAM_MS * 1000 * of

  it('to one that joins, and back when it leaves: drained, never fenced', async () => {
    const one = await play('moves-join')
    const [a, b] = [one.start('a'), one.start('b')]
    await one.until(() => a.lanes.size > 0 && b.lanes.size > 0 && one.watch.passed('market') > share(0.2))
    const lanes = [...a.lanes]
    a.signal('SIGTERM')
    await one.until(() => lanes.every((lane) => b.lanes.has(lane)))
    await one.until(() => one.watch.passed('market') > share(0.5))
    const c = one.start('c')
    await one.until(() => c.lanes.size > 0)
    await one.expectWhole()
    expect(one.said.filter((line) => line.includes('fenced'))).toEqual([])
  }, 180_000)

  it('to another while one sleeps, who is fenced when it wakes', async () => {
    const one = await play('moves-zombie')
    const members = [one.start('a'), one.start('b')]
    await one.until(() => members.every(({ lanes }) => lanes.size > 0) && one.watch.passed('market') > share(0.2))
    const zombie = members.find(({ lanes }) => lanes.has('market'))!
    const other = members.find((member) => member !== zombie)!
    const lanes = [...zombie.lanes]
    zombie.signal('SIGSTOP')
    await one.until(() => lanes.every((lane) => other.lanes.has(lane)))
    const passed_us = one.watch.passed('market')
    await one.until(() => one.watch.passed('market') > passed_us)
    zombie.signal('SIGCONT')
    await one.until(() => one.said.some((line) => line.startsWith(`${zombie.name}: lane fenced {"lane":"market"`)))
    await one.expectWhole()
  }, 180_000)

  it('to nobody while the broker restarts', async () => {
    const broker = await startKafka({ own: true })
    try {
      const one = await play('moves-restart', { ...servers, bootstrap: broker.bootstrap })
      one.start('a')
      one.start('b')
      await one.until(() => one.watch.passed('market') > share(0.3))
      await broker.restart()
      await one.expectWhole()
    } finally {
      await troupe?.close()
      await broker.stop()
    }
  }, 180_000)
})

/** Processes on one site, and what they said. */
class Troupe {
  readonly watch: Watch
  readonly said: string[] = []
  private readonly site: Site
  private readonly captures: readonly string[]
  private readonly whole: Summary
  private readonly members = new Map<string, Member>()
  private readonly ends = new Set<string>()

  private constructor(site: Site, captures: readonly string[], whole: Summary, watch: Watch) {
    this.site = site
    this.captures = captures
    this.whole = whole
    this.watch = watch
  }

  static async open(site: Site, captures: readonly string[], whole: Summary): Promise<Troupe> {
    return new Troupe(site, captures, whole, await Watch.open(site))
  }

  start(name: string): Member {
    const member = new Member({
      name,
      begin: (heard) => runs(this.site, this.captures, SPEED, heard),
      told: (_, { line }) => {
        this.said.push(`${name}: ${line}`)
        this.watch.nudge()
      },
      ended: (_, how) => {
        this.ends.add(name)
        if (how.code !== 0) this.watch.fail(new Error(`${name} ended with ${how.code ?? how.signal}: ${how.stderr}`))
        this.watch.nudge()
      },
    })
    this.members.set(name, member)
    member.start()
    return member
  }

  until(reached: () => boolean): Promise<void> {
    return this.watch.until(reached)
  }

  /** All have ended well, and what is there at the end is what an undisturbed run leaves. */
  async expectWhole(): Promise<void> {
    await this.until(() => [...this.members.keys()].every((name) => this.ends.has(name)))
    const last = runs(this.site, this.captures, ['--json'])
    expect(resultsOf(await last.ended)).toEqual(results(this.whole))
  }

  async close(): Promise<void> {
    for (const member of this.members.values()) member.kill()
    await this.watch.close()
  }
}
