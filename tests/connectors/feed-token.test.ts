/** Kraken's level3 wants a token: signed for, good for a while, and never seen by anybody but the socket. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { CaptureWriter, LiveFeed, RecordedSource } from '../../connectors/feed/index.ts'
import { krakenSigner } from '../../connectors/kraken/signature.ts'
import { replayFormats } from '../../connectors/replay/index.ts'
import type { KrakenLevel3Double } from '../doubles/kraken-level3-double.ts'
import { Reader } from '../doubles/reader.ts'
import { listedOf, VENUE_KINDS } from '../doubles/venue-kinds.ts'
import { VirtualClock, virtualPorts } from '../doubles/virtual-world.ts'

const dir = mkdtempSync(join(tmpdir(), 'aitrader-token-'))
afterAll(() => rmSync(dir, { recursive: true }))

const KIND = VENUE_KINDS.KRAKEN_LEVEL3

async function world(change: (double: KrakenLevel3Double) => void = () => undefined, capture = false) {
  const clock = new VirtualClock(1_767_571_200_000_000)
  const double = KIND.double({ seed: 4, clock })
  change(double)
  const told: string[] = []
  const venue = KIND.open(KIND.symbols, { url: 'ws://double', rest_url: 'http://double' })
  const feed = new LiveFeed({
    venue,
    ports: virtualPorts(clock, double, 4),
    tell: (event, detail) => told.push(`${event} ${JSON.stringify(detail)}`),
  })
  const file = join(dir, 'captured.gz')
  const source = capture ? new RecordedSource(feed, new CaptureWriter(file, replayFormats.kraken!)) : feed
  await source.open(undefined)
  const reader = new Reader(source, listedOf('KRAKEN', KIND.symbols))
  const run = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50)
      reader.drain()
    }
  }
  const captured = async () => {
    await source.close()
    return gunzipSync(readFileSync(file)).toString()
  }
  return { double, feed, reader, told, run, captured }
}
describe('the token of a connection', () => {
  it('is in no log and in no capture, even where the venue repeats it', async () => {
    const { double, feed, told, run, captured } = await world((made) => {
      made.repeats = true
    }, true)
    run(5_000)
    expect(double.nonces).toEqual(['nonce=1767571200002000'])
    expect(feed.counts).toMatchObject({ withheld: 1, breaks: 0 })
    expect(told.filter((line) => line.startsWith('withheld')).length).toBe(1)
    const text = await captured()
    expect(text.split('\n').length).toBeGreaterThan(100)
    expect(text).toContain('"channel":"level3"')
    expect(text + told.join('\n') + inspect(feed, { depth: 20 })).not.toContain('token/1')
  })

  it('is fetched anew for every connection, and before it is used again after ten minutes', async () => {
    const { double, feed, run } = await world()
    run(1_000)
    double.disconnect()
    run(1_000)
    expect(double.nonces.length).toBe(2)
    expect(feed.counts.ended.closed).toBe(2)
    // Every quarter of an hour the books are subscribed anew.
    run(910_000)
    expect(double.nonces.length).toBe(3)
    expect(feed.counts.resubscriptions).toBe(3)
    expect(new Set(double.nonces).size).toBe(3)
  })

  it('that is not to be had ends the connection, which is tried again, slower and slower', async () => {
    const { feed, told, run } = await world((double) => {
      const post = double.post.bind(double)
      double.post = (path, _headers, body) => post(path, { 'api-key': 'another' }, body)
    })
    run(60_000)
    expect(told.find((line) => line.startsWith('disconnected'))).toContain('no token: EAPI:Invalid key')
    expect(feed.counts.ended.broken).toBeGreaterThan(3)
    expect(feed.counts.ended.broken).toBeLessThan(12)
  })
})

describe('the key', () => {
  it("signs as the venue's own example says", () => {
    const secret = 'kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=='
    const sign = krakenSigner({ KRAKEN_API_KEY: 'key', KRAKEN_API_SECRET: secret })
    const body = 'nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25'
    expect(sign('/0/private/AddOrder', '1616492376594', body)).toMatchObject({
      'api-key': 'key',
      'api-sign': '4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==',
    })
  })

  it('comes from the environment or from a file that others cannot read', () => {
    const file = join(dir, 'kraken.json')
    writeFileSync(file, '{"key":"k","secret":"c2VjcmV0"}', { mode: 0o600 })
    expect(krakenSigner({ KRAKEN_CREDENTIALS: file })('/p', '1', 'b')['api-key']).toBe('k')
    chmodSync(file, 0o640)
    expect(() => krakenSigner({ KRAKEN_CREDENTIALS: file })).toThrow(`others than its owner may read ${file}`)
    expect(() => krakenSigner({})).toThrow(expect.objectContaining({ code: 'CREDENTIALS_MISSING', exit_code: 2 }))
    expect(() => krakenSigner({ KRAKEN_API_KEY: 'k', KRAKEN_API_SECRET: '' })).toThrow('it is empty')
  })

  it.each(['no json c2VjcmV0', '{"key":"k","secrets":"c2VjcmV0"}'])(
    'a file of %j is refused without a word of it',
    (text) => {
      const file = join(dir, 'bad.json')
      writeFileSync(file, text, { mode: 0o600 })
      const refused = (() => {
        try {
          krakenSigner({ KRAKEN_CREDENTIALS: file })
        } catch (error) {
          return error
        }
        return undefined
      })()
      expect(refused).toMatchObject({ code: 'CREDENTIALS_MALFORMED', exit_code: 2 })
      expect(inspect(refused)).not.toContain('c2VjcmV0')
    },
  )
})
