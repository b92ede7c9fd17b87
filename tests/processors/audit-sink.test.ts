import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashOf, hashOfBody } from '../../processors/audit-sink/chain.ts'
import { auditSink, sealedRecords } from '../../processors/audit-sink/index.ts'
import { Arena } from '../../runtime/api/index.ts'
import { AuditEvent } from '../../schemas/generated/index.ts'
import { Hand, HandContext, port } from './kit.ts'

const MANIFEST = '{"build":"one"}'
const SECOND_US = 1_000_000

/** Records as the runtime hands them in: with a place, a body and causes. */
class RecordContext extends HandContext {
  bytes = new Uint8Array(0)
  from: readonly string[] = []
  override body(): Uint8Array {
    return this.bytes
  }
  override causes(): readonly string[] {
    return this.from
  }
}

class Sink {
  readonly hand: Hand
  readonly ctx: RecordContext
  readonly events: AuditEvent[] = []

  constructor(topic: string, params: object = {}) {
    this.hand = new Hand(auditSink, `${topic}/0`, {})
    this.ctx = new RecordContext({ seal_records: 256, seal_every_ms: 1000, manifest: MANIFEST, ...params })
    Object.assign(this.hand, { ctx: this.ctx })
    Object.assign(this.ctx, { key: `${topic}/0`, topic, partition: 0 })
  }

  record(
    port_name: string,
    producer: string,
    seq: number,
    time_us: number,
    body: string,
    from: readonly string[] = [],
  ): void {
    Object.assign(this.ctx, { producer, bytes: Buffer.from(body), from, seq: seq - 1 })
    this.events.push(...port<AuditEvent>(this.hand.on(port_name, {}, time_us), 'audit'))
  }

  pass(time_us: number): void {
    for (const answer of this.hand.advance(time_us)) this.events.push(...port<AuditEvent>(answer, 'audit'))
  }
}

/** What a range is the hash of, written out plainly. */
function rangeHash(...records: readonly (readonly [seq: number, body: string, causes?: string])[]): string {
  const hash = createHash('sha256')
  for (const [seq, body, causes = ''] of records) {
    const head = Buffer.alloc(12)
    head.writeBigUInt64LE(BigInt(seq), 0)
    head.writeUInt32LE(body.length, 8)
    const tail = Buffer.alloc(4)
    tail.writeUInt32LE(causes.length, 0)
    hash.update(head).update(body).update(tail).update(causes)
  }
  return hash.digest('hex')
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function encoded(event: AuditEvent): Buffer {
  const arena = new Arena()
  AuditEvent.encode(event, arena)
  return Buffer.from(arena.bytes())
}

describe('the audit sink', () => {
  it('chains a record of the decision path in full, behind what the run is made of', () => {
    const sink = new Sink('decisions.v1')
    sink.record('decisions', 'strategy/0', 7, 1234, 'buy', ['nbbo/0:3', 'feed:9'])
    sink.record('decisions', 'strategy/0', 9, 1300, 'sell')
    const [run, first, second] = sink.events
    expect(sink.events).toHaveLength(3)
    expect(run).toMatchObject({ origin: 'decisions.v1/0', seq: 0, kind: 'RUN', records: 0, first_time_us: 1234 })
    expect(Buffer.from(run?.body ?? []).toString()).toBe(MANIFEST)
    expect(hex(run?.previous ?? new Uint8Array(0))).toBe('0'.repeat(64))
    expect(first).toMatchObject({
      seq: 1,
      kind: 'RECORD',
      topic: 'decisions.v1',
      partition: 0,
      record: 'Decision',
      producer: 'strategy/0',
      first_seq: 7,
      last_seq: 7,
      records: 1,
      first_time_us: 1234,
      last_time_us: 1234,
      causes: ['nbbo/0:3', 'feed:9'],
    })
    expect(Buffer.from(first?.body ?? []).toString()).toBe('buy')
    expect(hex(first?.sha256 ?? new Uint8Array(0))).toBe(rangeHash([7, 'buy', 'nbbo/0:3\nfeed:9\n']))
    expect(first?.previous).toEqual(run?.hash)
    expect(second?.previous).toEqual(first?.hash)
    for (const event of sink.events) {
      expect(hex(event.hash)).toBe(hex(hashOf(event)))
      expect(hex(hashOfBody(encoded(event)) ?? new Uint8Array(0))).toBe(hex(event.hash))
    }
  })

  it('seals a range when it is full, per producer', () => {
    const sink = new Sink('market.nbbo.v1', { seal_records: 3 })
    sink.record('nbbo', 'nbbo/0', 0, 10, 'a')
    sink.record('nbbo', 'nbbo/1', 0, 20, 'x')
    sink.record('nbbo', 'nbbo/0', 4, 30, 'b')
    expect(sink.events).toEqual([])
    sink.record('nbbo', 'nbbo/0', 5, 40, 'cc')
    expect(sink.events.map(({ kind }) => kind)).toEqual(['RUN', 'SEAL'])
    const seal = sink.events[1] as AuditEvent
    expect(seal).toMatchObject({
      seq: 1,
      topic: 'market.nbbo.v1',
      partition: 0,
      record: 'Nbbo',
      producer: 'nbbo/0',
      first_seq: 0,
      last_seq: 5,
      records: 3,
      first_time_us: 10,
      last_time_us: 40,
      causes: [],
    })
    expect(seal.body).toHaveLength(0)
    expect(hex(seal.sha256)).toBe(rangeHash([0, 'a'], [4, 'b'], [5, 'cc']))
  })

  it('seals what is open at each mark of stream time, in the order of producers, and is silent when nothing is', () => {
    const sink = new Sink('market.nbbo.v1')
    sink.record('nbbo', 'nbbo/1', 0, 100, 'x')
    sink.record('nbbo', 'nbbo/0', 3, 200, 'a')
    sink.pass(SECOND_US - 1)
    expect(sink.events).toEqual([])
    sink.pass(SECOND_US)
    expect(sink.events.map(({ kind, producer, records }) => [kind, producer, records])).toEqual([
      ['RUN', '', 0],
      ['SEAL', 'nbbo/0', 1],
      ['SEAL', 'nbbo/1', 1],
    ])
    sink.pass(10 * SECOND_US)
    expect(sink.events).toHaveLength(3)
    sink.record('nbbo', 'nbbo/1', 1, 10 * SECOND_US + 5, 'y')
    sink.pass(11 * SECOND_US)
    expect(sink.events.at(-1)).toMatchObject({ producer: 'nbbo/1', first_seq: 1, records: 1 })
  })

  it('names another build before the first event that it makes', () => {
    const sink = new Sink('fills.global.v1')
    sink.record('fills', 'execution/0', 0, 1, 'one')
    Object.assign(sink.ctx.params as object, { manifest: '{"build":"two"}' })
    sink.hand.restart()
    sink.record('fills', 'execution/0', 1, 2, 'two')
    sink.record('fills', 'execution/0', 2, 3, 'three')
    expect(sink.events.map(({ kind, seq }) => `${seq} ${kind}`)).toEqual([
      '0 RUN',
      '1 RECORD',
      '2 RUN',
      '3 RECORD',
      '4 RECORD',
    ])
    expect(Buffer.from(sink.events[2]?.body ?? []).toString()).toBe('{"build":"two"}')
    const replayed = new Sink('fills.global.v1', {
      manifests: [
        { from_us: 0, manifest: MANIFEST },
        { from_us: 2, manifest: '{"build":"two"}' },
      ],
    })
    for (const [seq, body] of ['one', 'two', 'three'].entries())
      replayed.record('fills', 'execution/0', seq, seq + 1, body)
    expect(replayed.events).toEqual(sink.events)
  })

  it('makes the same chain whenever it is snapshot and restored', () => {
    const step = fc.record({
      producer: fc.constantFrom('a/0', 'b/0'),
      pause_us: fc.nat(400_000),
      body: fc.string({ maxLength: 5 }),
      restart: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const whole = new Sink('market.books.v1', { seal_records: 4 })
        const restarted = new Sink('market.books.v1', { seal_records: 4 })
        let time_us = 0
        for (const [seq, { producer, pause_us, body, restart }] of steps.entries()) {
          time_us += pause_us
          for (const sink of [whole, restarted]) {
            sink.pass(time_us)
            sink.record('books', producer, seq, time_us, body)
          }
          if (restart) restarted.hand.restart()
        }
        for (const sink of [whole, restarted]) sink.pass(time_us + 2 * SECOND_US)
        expect(restarted.events).toEqual(whole.events)
        expect(restarted.hand.text()).toBe(whole.hand.text())
        const sealed = whole.events.reduce((sum, { records }) => sum + records, 0)
        expect(sealed).toBe(steps.length)
      }),
    )
  })

  it('says which records it seals, and chains all others in full', () => {
    const names = {
      frames: 'RawFrame',
      events: 'MarketEvent',
      books: 'BookUpdate',
      nbbo: 'Nbbo',
      signals: 'PatternSignal',
      predictions: 'Prediction',
      decisions: 'Decision',
      commands: 'OrderCommand',
      executions: 'ExecutionReport',
      orders: 'Order',
      fills: 'Fill',
      positions: 'Position',
      instruments: 'Instrument',
      control: 'Control',
      redeliveries: 'Redelivery',
    }
    expect(Object.keys(auditSink.inputs).sort()).toEqual(Object.keys(names).sort())
    for (const [input, record] of Object.entries(names)) {
      const sink = new Sink('topic', { seal_records: 1 })
      sink.record(input, 'p/0', 0, 1, 'body')
      const kind = sealedRecords.includes(record) ? 'SEAL' : 'RECORD'
      expect(sink.events[1]).toMatchObject({ kind, record })
    }
  })
})
