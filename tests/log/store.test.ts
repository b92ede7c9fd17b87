import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { LmdbStore } from '../../connectors/embedded/lmdb-store.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import type { LogReads, LogStore } from '../../runtime/log/store.ts'

/** The store port: memory and LMDB against a sorted list. */

const dir = mkdtempSync(join(tmpdir(), 'aitrader-store-'))
const opened: LmdbStore[] = []
afterAll(async () => {
  for (const store of opened) await store.close()
  rmSync(dir, { recursive: true, force: true })
})

const kinds: readonly { name: string; make: () => LogStore }[] = [
  { name: 'memory', make: () => new MemoryStore() },
  {
    name: 'LMDB',
    make: () => {
      const store = new LmdbStore(join(dir, `${opened.length}.mdb`), { read_only: false })
      opened.push(store)
      return store
    },
  },
]

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const entries = (reads: LogReads, from: Uint8Array, to: Uint8Array, reverse?: boolean) =>
  [...reads.range(from, to, reverse)].map(({ key, value }) => [hex(key), hex(value)])

describe.each(kinds)('$name store', ({ make }) => {
  test('puts, removals and ranges are those of a sorted map', () => {
    const key = fc.uint8Array({ minLength: 1, maxLength: 3 })
    const change = fc.record({ key, value: fc.option(fc.uint8Array({ maxLength: 5 })) })
    fc.assert(
      fc.property(
        fc.array(fc.array(change, { maxLength: 30 }), { maxLength: 4 }),
        key,
        key,
        (transactions, from, to) => {
          const store = make()
          const model = new Map<string, string>()
          const expected = (reverse: boolean) => {
            const found = [...model].filter(([k]) => k >= hex(from) && k < hex(to)).sort(([a], [b]) => (a < b ? -1 : 1))
            return reverse ? found.reverse() : found
          }
          for (const changes of transactions) {
            store.transact((writes) => {
              for (const { key, value } of changes) {
                if (value === null) {
                  writes.remove(key)
                  model.delete(hex(key))
                } else {
                  writes.put(key, value)
                  model.set(hex(key), hex(value))
                }
              }
              // A transaction sees its own writes.
              expect(entries(writes, from, to)).toEqual(expected(false))
              for (const { key } of changes.slice(0, 3)) {
                const value = writes.get(key)
                expect(value && hex(value)).toBe(model.get(hex(key)))
              }
            })
            expect(entries(store, from, to)).toEqual(expected(false))
            expect(entries(store, from, to, true)).toEqual(expected(true))
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  test('a transaction that throws leaves nothing', () => {
    const store = make()
    store.transact((writes) => writes.put(Buffer.of(1), Buffer.of(1)))
    const failing = () =>
      store.transact((writes) => {
        writes.put(Buffer.of(1), Buffer.of(2))
        writes.put(Buffer.of(2), Buffer.of(2))
        throw new Error('no')
      })
    expect(failing).toThrow('no')
    expect(entries(store, Buffer.of(0), Buffer.of(255))).toEqual([['01', '01']])
    store.transact((writes) => writes.put(Buffer.of(3), Buffer.of(3)))
    expect(entries(store, Buffer.of(0), Buffer.of(255))).toEqual([
      ['01', '01'],
      ['03', '03'],
    ])
  })

  test('thousands of keys in any order, values large and shared with nobody', () => {
    const store = make()
    const value = Buffer.alloc(20_000, 7)
    const key = (i: number) => Buffer.of(i >>> 8, i & 255)
    for (let round = 0; round < 5; round++) {
      store.transact((writes) => {
        for (let i = 0; i < 1_000; i++) {
          value.writeUInt32LE(i)
          writes.put(key((i * 7_919) % 3_001), value.subarray(0, i % 100 === 0 ? 20_000 : 8))
        }
      })
    }
    value.fill(0)
    const found = [...store.range(Buffer.of(0), Buffer.of(255))]
    expect(found.length).toBe(1_000)
    const wanted = Array.from({ length: 1_000 }, (_, i) => i).sort(
      (a, b) => ((a * 7_919) % 3_001) - ((b * 7_919) % 3_001),
    )
    expect(found.map((entry) => Buffer.from(entry.value).readUInt32LE())).toEqual(wanted)
    expect(found.every((entry, i) => entry.value.length === ((wanted[i] as number) % 100 === 0 ? 20_000 : 8))).toBe(
      true,
    )
    expect(found.every(({ value }) => value[4] === 7)).toBe(true)
    const got = store.get(key(7_919 % 3_001)) as Uint8Array
    got.fill(9)
    expect(Buffer.from(store.get(key(7_919 % 3_001)) as Uint8Array).readUInt32LE()).toBe(1)
  })

  test('an iteration left early or outlived by commits does no harm', () => {
    const store = make()
    store.transact((writes) => {
      for (let i = 0; i < 100; i++) writes.put(Buffer.of(i), Buffer.of(i))
    })
    for (const _ of store.range(Buffer.of(0), Buffer.of(200))) break
    const seen: number[] = []
    for (const { key } of store.range(Buffer.of(0), Buffer.of(200))) {
      seen.push(key[0] as number)
      store.transact((writes) => {
        writes.remove(Buffer.of(99 - seen.length))
        writes.put(Buffer.of(100 + seen.length), Buffer.of(1))
      })
    }
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })
})
