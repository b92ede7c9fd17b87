/** The real commands against a double behind a real port: live, recorded, replayed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type SourceOptions, sourceOf } from '../../cli/source.ts'
import { BinanceDouble } from '../doubles/binance-double.ts'
import { KrakenLevel3Double } from '../doubles/kraken-level3-double.ts'
import { OkxDouble } from '../doubles/okx-double.ts'
import { fastClock, type RealServer, serve } from '../doubles/real-server.ts'
import { aitrader, summaryOf, upArgs } from '../e2e/command.ts'
import { freePorts } from '../servers/held.ts'

/** Faults after which nobody waits long. */
const QUICK = ['drop', 'half', 'wrong-json', 'duplicate', 'disconnect', 'giant'] as const

const dir = mkdtempSync(join(tmpdir(), 'aitrader-feed-'))
const servers: RealServer[] = []
const doubles: { stop(): void }[] = []
afterAll(async () => {
  for (const double of doubles) double.stop()
  for (const server of servers) await server.close()
  rmSync(dir, { recursive: true })
})

async function feedArgs(wire_chance: number): Promise<string[]> {
  const double = new BinanceDouble({ seed: 3, clock: fastClock(1), frames_per_s: 200, wire_chance, kinds: QUICK })
  doubles.push(double)
  const server = await serve(double)
  servers.push(server)
  const { port } = server
  return ['--feed', 'binance', '--feed-url', `ws://127.0.0.1:${port}`, '--rest-url', `http://127.0.0.1:${port}/`]
}

describe('a live feed', () => {
  it('runs the whole dataflow, and its capture replays to the same', { timeout: 120_000 }, async () => {
    const file = join(dir, 'live.gz')
    const feed = await feedArgs(0)
    const live = summaryOf(
      await aitrader(['up', ...feed, '--data', join(dir, 'live'), '--for', '4s', '--capture', file, '--json']).ended,
    )
    expect(live.frames).toBeGreaterThan(100)
    expect(live).toMatchObject({ gaps: 0, faults: 0 })
    expect(live.books).toBeGreaterThan(10)
    const again = summaryOf(await aitrader(upArgs(join(dir, 'again'), [file], 'binance-spot')).ended)
    // Timers that fall due behind the last frame fire in the replay's drain only: they write none of these.
    const same = ['audit.raw-ticks.v1', 'reference.instruments.v1', 'market.events.v1', 'dead-letter.v1']
    for (const topic of same) expect([topic, again.topics[topic]]).toEqual([topic, live.topics[topic]])
  })

  it('says how it stands while it runs, recorded or not', { timeout: 120_000 }, async () => {
    const [port] = await freePorts(1)
    const feed = await feedArgs(0)
    const options = ['--data', join(dir, 'watched'), '--capture', join(dir, 'watched.gz'), '--listen', String(port)]
    const running = aitrader(['up', ...feed, ...options, '--json'])
    let over = false
    const ended = running.ended.finally(() => {
      over = true
    })
    let text = ''
    while (!over && !/^aitrader_feed_frames_total\{feed="binance"\} [1-9]/m.test(text)) {
      const page = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined)
      text = (await page?.text()) ?? ''
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(text).toMatch(/^aitrader_feed_lines\{feed="binance",state="live"\} 1$/m)
    expect(text).toMatch(/^aitrader_feed_reconnects_total\{feed="binance"\} 0$/m)
    running.process.kill('SIGTERM')
    expect((await ended).code).toBe(0)
  })

  it('beside another is one source, and their captures replay together to the same', { timeout: 120_000 }, async () => {
    const okx = new OkxDouble({ seed: 4, clock: fastClock(1), frames_per_s: 200, wire_chance: 0, kinds: [] })
    doubles.push(okx)
    const server = await serve(okx)
    servers.push(server)
    const files = [join(dir, 'both-binance.gz'), join(dir, 'both-okx.gz')] as const
    // The double's prices have two decimals.
    const two_venues = readFileSync('topology/overlays/two-venues.yaml', 'utf8').replaceAll('_scale: 1', '_scale: 2')
    writeFileSync(join(dir, 'two-venues.yaml'), two_venues)
    const overlay = ['--overlay', join(dir, 'two-venues.yaml')]
    const feeds = [
      ...[...(await feedArgs(0)), '--capture', files[0]],
      ...['--feed', 'okx', '--feed-url', `ws://127.0.0.1:${server.port}`, '--capture', files[1]],
    ]
    const data = (name: string) => ['--data', join(dir, name), '--json']
    const live = summaryOf(await aitrader(['up', ...overlay, ...feeds, ...data('both'), '--for', '4s']).ended)
    expect(live).toMatchObject({ gaps: 0, faults: 0 })
    const replay = ['--replay', files[0], '--format', 'binance-spot', '--replay', files[1], '--format', 'okx', '--once']
    const again = summaryOf(await aitrader(['up', ...overlay, ...replay, ...data('both-again')]).ended)
    const same = ['audit.raw-ticks.v1', 'reference.instruments.v1', 'market.events.v1', 'dead-letter.v1']
    for (const topic of same) expect([topic, again.topics[topic]]).toEqual([topic, live.topics[topic]])
    const nbbo = await aitrader(['topic', 'read', 'market.nbbo.v1', ...data('both')]).ended
    const best = new Set([...nbbo.stdout.matchAll(/"bid_instrument_id":"([^"]*)"/g)].map(([, id]) => id))
    expect([...best]).toEqual(expect.arrayContaining(['BTCUSDT.BINANCE', 'BTC-USDT.OKX']))
  })

  it('is recorded without a dataflow, damaged frames and all', { timeout: 120_000 }, async () => {
    const file = join(dir, 'recorded.gz')
    const feed = await feedArgs(0.03)
    const { code, stdout } = await aitrader(['capture', ...feed, '--out', file, '--frames', '400', '--json']).ended
    expect(code).toBe(0)
    const recorded = JSON.parse(stdout) as { frames: number; format: string; path: string }
    expect(recorded).toMatchObject({ frames: 400, format: 'binance-spot', path: file })
    const replayed = summaryOf(await aitrader(upArgs(join(dir, 'replayed'), [file], recorded.format)).ended)
    expect(replayed.frames).toBe(400)
    expect(replayed.books).toBeGreaterThan(0)
  })

  it('that needs a key is recorded with one, and refused without', { timeout: 120_000 }, async () => {
    const double = new KrakenLevel3Double({ seed: 3, clock: fastClock(1), frames_per_s: 200 })
    double.repeats = true
    doubles.push(double)
    const server = await serve(double)
    servers.push(server)
    const address = `127.0.0.1:${server.port}`
    const file = join(dir, 'level3.txt')
    const options = ['--feed-url', `ws://${address}`, '--rest-url', `http://${address}`, '--symbol', 'BTC/USDT']
    const args = ['capture', '--feed', 'kraken-level3', ...options, '--out', file, '--frames', '100']
    const refused = await aitrader(args, undefined, { KRAKEN_API_KEY: '', KRAKEN_API_SECRET: '' }).ended
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('CREDENTIALS_MALFORMED')
    const key = { KRAKEN_API_KEY: 'key', KRAKEN_API_SECRET: 'c2VjcmV0' }
    const { code, stderr, stdout } = await aitrader(args, undefined, key).ended
    expect([code, double.nonces.length]).toEqual([0, 1])
    const text = readFileSync(file, 'utf8')
    expect(text).toContain('"channel":"level3","type":"snapshot"')
    expect(text + stderr + stdout).not.toMatch(/token\/|c2VjcmV0/)
  })

  it.each<[Partial<SourceOptions>, string, string]>([
    [
      { feed: [{ name: 'nowhere' }] },
      'there is no feed nowhere',
      'known feeds: binance, binance-usdm, coinbase, kraken, kraken-level3, okx',
    ],
    [{ feed: [{ name: 'binance' }], replay: ['x'] }, '--feed and --replay were both given', 'choose one'],
    [
      { feed: [{ name: 'okx', feedUrl: 'nonsense' }] },
      '--feed-url nonsense is no address of a server',
      'wss://HOST:PORT',
    ],
    [{ feed: [{ name: 'okx', feedUrl: 'https://x' }] }, '--feed-url https://x is no address', 'wss://HOST:PORT'],
    [{ feed: [{ name: 'okx', feedUrl: 'ws://x/?a' }] }, '--feed-url ws://x/?a is no address', 'wss://HOST:PORT'],
    [{ feed: [{ name: 'okx', restUrl: 'ws://x' }] }, '--rest-url ws://x is no address', 'https://HOST:PORT'],
    [{ feed: [{ name: 'okx' }, { name: 'okx' }] }, 'okx and okx are both of venue OKX', 'one feed of each venue'],
    [{ feed: [{ name: 'binance' }] }, 'nothing is declared of venue BINANCE', 'declare'],
  ])('%j is wrong use', async (options, message, hint) => {
    const refused = sourceOf({ replay: [], format: [], ...options }, 1, [
      { venue: 'NSE', symbol: 'BINANCE' },
      { venue: 'OKX', symbol: 'BTC-USDT' },
    ])
    await expect(refused).rejects.toMatchObject({ code: 'BAD_OPTION', exit_code: 2 })
    await expect(refused).rejects.toThrow(message)
    await expect(refused).rejects.toHaveProperty('hint', expect.stringContaining(hint))
  })
})
