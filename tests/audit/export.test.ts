import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportTrail } from '../../cli/audit/export.ts'
import { encodeRecord, Seals } from '../../cli/audit/export-format.ts'
import { type Verified, verifyBytes, verifyExport } from '../../cli/audit/verify-export.ts'
import { verifyTopics } from '../../cli/audit/verify-topics.ts'
import { hashOf } from '../../processors/audit-sink/chain.ts'
import { Arena } from '../../runtime/api/index.ts'
import { AuditEvent } from '../../schemas/generated/index.ts'
import { at, auditedRun, doctored, flipped, recordsOf } from './audited-run.ts'

const TRAIL = { topic: 'audit.events.v1', partition: 0 }
const OUTSIDE = { partition: null, offset: null }

const dir = mkdtempSync(join(tmpdir(), 'audit-export-'))
afterAll(() => rmSync(dir, { recursive: true }))

let whole: Awaited<ReturnType<typeof auditedRun>>
let file: Buffer
/** Where each part of the file begins: header, records by offset, trailer, end. */
let header_end: number
let begins: number[]
let exported: Awaited<ReturnType<typeof exportTrail>>

beforeAll(async () => {
  whole = await auditedRun({ duration_ms: 4_000 })
  const path = join(dir, 'trail.bin')
  exported = await exportTrail(whole.reader, whole.run.topology, path)
  file = readFileSync(path)
  header_end = 16 + file.readUInt32LE(12) + 32
  begins = [header_end]
  for (const { id, offset, body } of await recordsOf(whole.reader, TRAIL)) {
    begins.push((begins.at(-1) as number) + encodeRecord({ partition: 0, offset, id, body }).length + 32)
  }
})

function verified(bytes: Uint8Array): Promise<Verified> {
  let at = 0
  return verifyBytes(async (into) => {
    const part = bytes.subarray(at, at + into.length)
    into.set(part)
    at += part.length
    return part.length
  })
}

/** The place of a byte of the file: offset of the record that it belongs to, or null. */
function placeOf(byte: number): { partition: number | null; offset: number | null } {
  if (byte < header_end || byte >= (begins.at(-1) as number)) return OUTSIDE
  return { partition: 0, offset: begins.findIndex((begin) => begin > byte) - 1 }
}

/** The bytes of one record, seal included. */
const recordAt = (offset: number): Buffer => file.subarray(begins[offset], begins[offset + 1])

/** The file with other bytes where records `[from, to)` stood. */
const spliced = (from: number, to: number, ...parts: readonly Uint8Array[]): Buffer =>
  Buffer.concat([file.subarray(0, begins[from]), ...parts, file.subarray(begins[to])])

describe('an export', () => {
  it('holds the whole trail and verifies, with the head that the directory has', async () => {
    const records = (await recordsOf(whole.reader, TRAIL)).length
    expect(records).toBeGreaterThan(50)
    expect(exported).toMatchObject({ records, head: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(await verifyExport(exported.file)).toEqual({ records, head: exported.head, ok: true, first_bad: null })
    expect((await verifyTopics(whole.reader, whole.run.topology)).head).toBe(exported.head)
    expect(begins.at(-1)).toBe(file.length - 12 - 64)
  })

  it('says in its header what made the run and how each chain ends', () => {
    const header = JSON.parse(file.toString('utf8', 16, header_end - 32)) as {
      manifest: object
      chains: { origin: string; count: number }[]
      records: number
    }
    expect(Object.keys(header.manifest).sort()).toEqual(['build', 'code', 'config', 'models', 'schemas'])
    expect(header.chains.reduce((sum, { count }) => sum + count, 0)).toBe(exported.records)
    expect(header.chains.map(({ origin }) => origin)).toContain('market.nbbo.v1/0')
  })

  it('of a trail that does not hold is refused', async () => {
    const broken = await doctored(
      whole.reader,
      at(TRAIL, 7, (record) => [flipped(record, -40)]),
    )
    const path = join(dir, 'refused.bin')
    await expect(exportTrail(broken, whole.run.topology, path)).rejects.toMatchObject({
      code: 'TRAIL_DAMAGED',
      exit_code: 3,
      message: expect.stringContaining('audit.events.v1/0@7'),
    })
    await expect(verifyExport(path)).rejects.toMatchObject({ code: 'FILE_UNUSABLE', exit_code: 2 })
  })

  it('into a directory that is not there is wrong use', async () => {
    await expect(exportTrail(whole.reader, whole.run.topology, join(dir, 'no', 'such.bin'))).rejects.toMatchObject({
      code: 'FILE_UNUSABLE',
      exit_code: 2,
    })
  })
})

describe('a damaged export', () => {
  it('is found out by any single bit, at the record it is in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.nat(7), async (byte, bit) => {
        const bytes = Buffer.from(file)
        bytes[byte] = (bytes[byte] as number) ^ (1 << bit)
        const { ok, head, records, first_bad } = await verified(bytes)
        const { partition, offset } = placeOf(byte)
        expect({ ok, head, partition: first_bad?.partition, offset: first_bad?.offset }).toEqual({
          ok: false,
          head: null,
          partition,
          offset,
        })
        if (offset !== null) expect(records).toBe(offset)
      }),
      { numRuns: 500 },
    )
  })

  it('is found out by every bit of header and trailer', async () => {
    const edges = [
      ...Array(20).keys(),
      header_end - 33,
      header_end - 1,
      ...Array.from({ length: 76 }, (_, i) => file.length - 76 + i),
    ]
    for (const byte of edges) {
      for (let bit = 0; bit < 8; bit++) {
        const bytes = Buffer.from(file)
        bytes[byte] = (bytes[byte] as number) ^ (1 << bit)
        expect(await verified(bytes), `byte ${byte} bit ${bit}`).toMatchObject({ ok: false, first_bad: OUTSIDE })
      }
    }
  })

  it('is located where a record was dropped, put in, repeated or moved', async () => {
    const last = exported.records - 1
    for (const n of [0, 1, 29, last - 1]) {
      const place = { partition: 0, offset: n }
      expect(await verified(spliced(n, n + 1)), `dropped ${n}`).toMatchObject({
        ok: false,
        records: n,
        first_bad: place,
      })
      const swapped = spliced(n, n + 2, recordAt(n + 1), recordAt(n))
      expect(await verified(swapped), `swapped ${n}`).toMatchObject({ ok: false, records: n, first_bad: place })
      const next = { partition: 0, offset: n + 1 }
      expect(await verified(spliced(n + 1, n + 1, recordAt(n))), `repeated ${n}`).toMatchObject({
        ok: false,
        records: n + 1,
        first_bad: next,
      })
      expect(await verified(spliced(n, n, recordAt(last))), `put in at ${n}`).toMatchObject({
        ok: false,
        records: n,
        first_bad: place,
      })
    }
    const end = { partition: 0, offset: last + 1 }
    for (const n of [last, 5])
      expect(await verified(spliced(last + 1, last + 1, recordAt(n))), 'put in at the end').toMatchObject({
        ok: false,
        first_bad: end,
      })
    expect(await verified(spliced(last, last + 1)), 'the last one dropped').toMatchObject({
      ok: false,
      first_bad: { partition: 0, offset: last },
    })
    const { first_bad } = await verified(spliced(5, 6))
    expect(first_bad?.reason).toBe(
      `record ${(await recordsOf(whole.reader, TRAIL))[6]?.id} of 0@6 stands there: records are missing, moved or inserted`,
    )
  })

  it('is found out although its seals were made anew', async () => {
    const trail = await recordsOf(whole.reader, TRAIL)
    const forge = (offset: number, change: (body: Buffer) => Uint8Array): Buffer => {
      const seals = new Seals()
      const parts: Buffer[] = []
      const put = (part: Buffer) => parts.push(part, seals.next(part))
      put(file.subarray(0, header_end - 32))
      for (const { id, offset: n, body } of trail) {
        const written = n === offset ? change(Buffer.from(body)) : body
        put(encodeRecord({ partition: 0, offset: n, id, body: written }))
      }
      put(file.subarray(begins.at(-1), file.length - 32))
      return Buffer.concat(parts)
    }
    expect(await verified(forge(-1, (body) => body))).toMatchObject({ ok: true })
    for (const offset of [0, 33, exported.records - 1]) {
      for (const byte of [0, 20, -1, -40]) {
        const bytes = forge(offset, (body) => {
          const index = byte < 0 ? body.length + byte : byte
          body[index] = (body[index] as number) ^ 2
          return body
        })
        expect(await verified(bytes)).toMatchObject({ ok: false, first_bad: { partition: 0, offset } })
      }
    }
    // An event rewritten with a hash of its own: the next of its chain names another.
    const events = trail.map(({ body }) => AuditEvent.decode(body, 0, body.length))
    const rewritten = events.findIndex(({ kind }) => kind === 'SEAL')
    const { origin } = events[rewritten] as AuditEvent
    const next = events.findIndex((event, n) => n > rewritten && event.origin === origin)
    const bytes = forge(rewritten, () => {
      const event = { ...(events[rewritten] as AuditEvent), last_time_us: 7 }
      const arena = new Arena()
      AuditEvent.encode({ ...event, hash: hashOf(event) }, arena)
      return Buffer.from(arena.bytes())
    })
    const reason = `it does not follow the event before it in the chain of ${origin}`
    expect(await verified(bytes)).toMatchObject({
      ok: false,
      records: next,
      first_bad: { partition: 0, offset: next, reason },
    })
  })

  it.each([
    ['an empty file', () => Buffer.alloc(0), 'the file is empty'],
    ['another file', () => Buffer.from('{"topics":{}}\n'.repeat(50)), 'it is no exported audit trail'],
    ['a few bytes', () => file.subarray(0, 9), 'it is no exported audit trail'],
    ['a later version', () => Buffer.from(file).fill(2, 8, 9), 'its version is 2, this build knows 1'],
    ['a cut header', () => file.subarray(0, 200), 'the file ends inside its header'],
    ['a cut trailer', () => file.subarray(0, file.length - 40), 'the file ends inside its trailer'],
    ['a byte too much', () => Buffer.concat([file, Buffer.from([0])]), 'there are bytes after its end'],
    ['a header of endless length', () => Buffer.from(file).fill(255, 12, 16), 'the length of its header cannot be'],
  ])('%s is not ok outside any record', async (_name, make, reason) => {
    expect(await verified(make())).toEqual({
      records: 0,
      head: null,
      ok: false,
      first_bad: { ...OUTSIDE, reason },
      ...(reason.includes('trailer') || reason.includes('after') ? { records: exported.records } : {}),
    })
  })

  it('is located where it was cut off', async () => {
    for (const n of [0, 3, exported.records - 1]) {
      const begin = begins[n] as number
      for (const length of [begin, begin + 2, begin + 30, (begins[n + 1] as number) - 1]) {
        expect(await verified(file.subarray(0, length))).toMatchObject({
          ok: false,
          records: n,
          first_bad: { partition: 0, offset: n },
        })
      }
    }
  })

  it('of any bytes is answered, never thrown', async () => {
    const tail = fc.uint8Array({ maxLength: 400 })
    const begun = fc
      .tuple(fc.nat(exported.records), tail)
      .map(([n, bytes]) => Buffer.concat([file.subarray(0, begins[n]), bytes]))
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          tail,
          tail.map((bytes) => Buffer.concat([file.subarray(0, 12), bytes])),
          begun,
        ),
        async (bytes) => {
          expect((await verified(bytes)).ok).toBe(false)
        },
      ),
      { numRuns: 200 },
    )
  })
})
