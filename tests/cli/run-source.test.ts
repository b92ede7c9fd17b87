/** `aitrader run` on other sources than a replay, with real processes on a real cluster. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, test } from 'vitest'
import { runCommand } from '../../cli/commands/run.ts'
import { BinanceDouble } from '../doubles/binance-double.ts'
import { fastClock, type RealServer, serve } from '../doubles/real-server.ts'
import { aitrader, summaryOf } from '../e2e/command.ts'
import { Member } from '../e2e/kafka-member.ts'
import { deploy, type Site } from '../e2e/kafka-site.ts'
import { describeWithKafkaAndRegistry } from '../servers/index.ts'
import { inProcess } from './in-process.ts'

/** Tells whoever waits of each connection. */
class HeardDouble extends BinanceDouble {
  heard = () => {}

  override accept(...connection: Parameters<BinanceDouble['accept']>) {
    const accepted = super.accept(...connection)
    this.heard()
    return accepted
  }
}

interface Frame {
  readonly value: { readonly frame_seq: number }
}

describeWithKafkaAndRegistry('a run on Kafka', (servers) => {
  const dir = mkdtempSync(join(tmpdir(), 'aitrader-run-source-'))
  const capture = join(dir, 'live.gz')
  let site: Site
  let double: HeardDouble
  let server: RealServer
  beforeAll(async () => {
    site = await deploy(servers, dir, 'run-source')
    double = new HeardDouble({ seed: 5, clock: fastClock(1), frames_per_s: 200 })
    server = await serve(double)
  })
  afterAll(async () => {
    double.stop()
    await server.close()
    rmSync(dir, { recursive: true, force: true })
  })

  const at = () => ['--kafka', site.kafka, '--registry', site.registry, '--topology', site.file]
  const run = (more: readonly string[], heard?: (stderr: string) => void) => aitrader(['run', ...at(), ...more], heard)
  const live = () => {
    const { port } = server
    const addresses = ['--feed-url', `ws://127.0.0.1:${port}`, '--rest-url', `http://127.0.0.1:${port}`]
    return ['--feed', 'binance', ...addresses, '--capture', capture]
  }
  const topic = (name: string) => Object.keys(site.topology.topics).find((one) => one.endsWith(`.${name}`)) as string
  const frames = async (...more: string[]) => {
    for (;;) {
      const read = aitrader(['topic', 'read', topic('audit.raw-ticks.v1'), '--json', ...at(), ...more])
      const { code, stdout, stderr } = await read.ended
      // What runs is written down a moment after the first lane runs.
      if (stderr.includes('NOT_DEPLOYED')) continue
      expect(code, stderr).toBe(0)
      const lines = stdout.trimEnd().split('\n')
      return lines.map((line) => (JSON.parse(line) as Frame).value.frame_seq).toSorted((a, b) => a - b)
    }
  }

  it('takes a live feed, and its capture replays to the same', async () => {
    const feeding = run([...live(), '--json'])
    // Ends when so many are durable.
    await frames('--follow', '--limit', '200')
    feeding.process.kill('SIGTERM')
    const summary = summaryOf(await feeding.ended)
    expect(summary).toMatchObject({ gaps: 0, faults: 0 })
    const replay = ['--replay', capture, '--format', 'binance-spot', '--data', join(dir, 'again')]
    const again = summaryOf(await aitrader(['up', '--once', '--json', ...replay, '--topology', site.file]).ended)
    expect(again.frames).toBe(summary.frames)
    for (const name of ['audit.raw-ticks.v1', 'reference.instruments.v1', 'market.events.v1', 'dead-letter.v1'])
      expect([name, again.topics[topic(name)]]).toEqual([name, summary.topics[topic(name)]])
  }, 120_000)

  it('reads it in one process at a time; whoever is next goes on with the numbers', async () => {
    let look = () => {}
    const until = (holds: () => boolean) =>
      new Promise<void>((resolve) => {
        look = () => {
          if (holds()) resolve()
        }
        look()
      })
    const ends: string[] = []
    const members = ['a', 'b'].map(
      (name) =>
        new Member({
          name,
          begin: (heard) => run([...live(), '--name', name], heard),
          told: () => look(),
          ended: ({ name: one }, { code, stderr }) => {
            ends.push(`${one}: ${code}`)
            if (code !== 0) console.error(stderr)
            look()
          },
        }),
    )
    double.heard = () => look()
    const before = double.accepted
    /** Has the source, and reads the feed for the so-manieth time. */
    const reads = (member: Member, times: number) =>
      until(() => member.lanes.has('market') && double.accepted - before === times)
    for (const member of members) member.start()
    await until(() => members.some(({ lanes }) => lanes.has('market')))
    const [first, other] = members.toSorted((a, b) => Number(b.lanes.has('market')) - Number(a.lanes.has('market')))
    await reads(first!, 1)
    first!.kill()
    first!.start()
    await reads(first!, 2)
    first!.signal('SIGTERM')
    await reads(other!, 3)
    // Ends when so many more are durable.
    await frames('--follow', '--limit', String((await frames()).length + 200))
    other!.signal('SIGTERM')
    await until(() => ends.length === 2)
    expect(ends).toEqual([`${first!.name}: 0`, `${other!.name}: 0`])
    expect(double.accepted - before).toBe(3)
    expect(double.most).toBe(1)
    const numbers = await frames()
    expect(numbers).toEqual(numbers.map((_, index) => index))
    // One file for each time that the feed was opened; the process that was killed could not end its own.
    expect(
      readdirSync(dir)
        .filter((name) => name.startsWith('live'))
        .sort(),
    ).toEqual(['live-2.gz.part', 'live-3.gz', 'live-4.gz', 'live.gz'])
  }, 120_000)

  it('takes a market in a mood for another source than the one that was there', async () => {
    const refused = await inProcess(runCommand(), ...at(), '--market', 'crash')
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('(SOURCE_MISMATCH)')
    expect(refused.stderr).toContain('they hold {"seed":1,"source":{"feed":"binance","kind":"live",')
  })
})

test.each([
  [['--capture', 'x'], '--feed-url, --rest-url and --capture stand behind the feed they are of'],
  [['--stages', 'nbbo', '--capture', 'x'], '--feed-url, --rest-url and --capture stand behind the feed they are of'],
  [['--market', 'calm', '--feed', 'binance'], '--market goes with the simulated market only'],
  [['--feed', 'nowhere'], 'there is no feed nowhere'],
])('%j is wrong use of `run`, said before anything is asked of the cluster', async (options, message) => {
  const nowhere = ['--kafka', '127.0.0.1:1', '--registry', 'http://127.0.0.1:1']
  const { code, stderr } = await inProcess(runCommand(), ...nowhere, ...options)
  expect({ code, said: stderr.split('\n')[0] }).toEqual({ code: 2, said: `aitrader: ${message} (BAD_OPTION)` })
})
