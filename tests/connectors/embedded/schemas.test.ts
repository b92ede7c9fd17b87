import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import avsc, { type Schema } from 'avsc'
import { afterAll, describe, expect, it } from 'vitest'
import { DirectorySchemas, keepSchemas } from '../../../connectors/embedded/schemas.ts'
import { Arena, type RecordType } from '../../../runtime/api/index.ts'
import { fingerprint } from '../../../schemas/canonical.ts'
import { schemaId } from '../../../schemas/framing.ts'
import { Fill, MarketEvent, records } from '../../../schemas/generated/index.ts'

const root = mkdtempSync(join(tmpdir(), 'schemas-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let made = 0
function newDir(): string {
  const dir = join(root, String(made++))
  mkdirSync(dir)
  return dir
}

type Node = string | readonly Node[] | { readonly [key: string]: unknown }

/** Values of a schema, as different as `n`: every branch, symbol and length has its turn. */
class Samples {
  private readonly named = new Map<string, Node>()
  private readonly schema: Node

  constructor(schema: unknown) {
    this.schema = schema as Node
    JSON.stringify(schema, (_key, value) => {
      if (['record', 'enum'].includes(value?.type)) this.named.set(bare(value.name), value)
      return value
    })
  }

  at(n: number): unknown {
    return this.of(this.schema, n)
  }

  private of(node: Node, n: number): unknown {
    if (Array.isArray(node)) return this.of(node[n % node.length] as Node, n)
    if (typeof node === 'string') {
      const named = this.named.get(bare(node))
      return named === undefined ? plain(node, n) : this.of(named, n)
    }
    const schema = node as { type: Node; name?: string; namespace?: string; [key: string]: unknown }
    switch (schema.type) {
      case 'record':
        return Object.fromEntries(
          (schema.fields as { name: string; type: Node }[]).map(({ name, type }, i) => [name, this.of(type, n + i)]),
        )
      case 'enum':
        return (schema.symbols as string[])[n % (schema.symbols as string[]).length]
      case 'array':
        return Array.from({ length: n % 3 }, (_, i) => this.of(schema.items as Node, n + i))
      default:
        return this.of(schema.type, n)
    }
  }
}

function bare(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

function plain(type: string, n: number): unknown {
  if (type === 'null') return null
  if (type === 'boolean') return n % 2 === 0
  if (type === 'string') return `text ${n}`
  if (type === 'bytes') return Buffer.from([n % 128])
  return type === 'double' ? n / 4 : n
}

const released = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../schemas/released/0.1.0.json'), 'utf8'),
) as { name: string }[]

describe('what release 0.1.0 wrote', () => {
  it.each(released)('$name is read as ours, and written back as it was', (schema) => {
    const type = records[schema.name] as RecordType<unknown>
    const writer = avsc.Type.forSchema(schema as Schema)
    const id = schemaId({ fingerprint: fingerprint(JSON.stringify(schema)) })
    const codecs = new DirectorySchemas(newDir())
    const decode = codecs.get(id, type)
    const write = codecs.writer(id, type)
    const samples = new Samples(schema)
    for (let n = 0; n < 60; n++) {
      const body = writer.toBuffer(samples.at(n))
      const value = decode(body, 0, body.length)
      const arena = new Arena()
      expect(write(value, arena)).toBe(true)
      expect(Buffer.from(arena.bytes())).toEqual(body)
    }
  })

  it('a value that its schema cannot say is not written, and nothing is left behind', () => {
    const schema = released.find(({ name }) => name === 'MarketEvent')
    const id = schemaId({ fingerprint: fingerprint(JSON.stringify(schema)) })
    const write = new DirectorySchemas(newDir()).writer(id, MarketEvent)
    const now = new Samples(JSON.parse(MarketEvent.schema)).at(0) as MarketEvent
    const arena = new Arena()
    expect(write({ ...now, kind: 'session' }, arena)).toBe(false)
    expect(arena.pos).toBe(0)
  })
})

/** Fill, with a field taken out or put in. */
function other(change: (fields: { name: string; [key: string]: unknown }[]) => unknown[]): string {
  const schema = JSON.parse(Fill.schema) as { fields: { name: string }[] }
  return JSON.stringify({ ...schema, fields: change(schema.fields) })
}

function idOf(schema: string): number {
  return schemaId({ fingerprint: fingerprint(schema) })
}

describe('a directory', () => {
  it('keeps the schemas of every build that wrote it, each once', () => {
    const dir = newDir()
    const next = other((fields) => [...fields, { name: 'more', type: 'long', default: 0 }])
    keepSchemas(dir, [Fill])
    keepSchemas(dir, [{ schema: next }])
    keepSchemas(dir, [Fill])
    expect(readdirSync(join(dir, 'schemas'))).toHaveLength(2)
    const codecs = new DirectorySchemas(dir)
    expect(codecs.get(schemaId(Fill), Fill)).toBe(Fill.decode)
    const body = avsc.Type.forSchema(JSON.parse(next)).toBuffer(new Samples(JSON.parse(next)).at(3))
    const value = codecs.get(idOf(next), Fill)(body, 0, body.length)
    expect(Object.keys(value)).not.toContain('more')
  })

  it('is read beside another build that begins to write it', () => {
    const dir = newDir()
    const [next, later] = ['more', 'most'].map((name) =>
      other((fields) => [...fields, { name, type: 'long', default: 0 }]),
    ) as [string, string]
    keepSchemas(dir, [{ schema: next }])
    const codecs = new DirectorySchemas(dir)
    codecs.get(idOf(next), Fill)
    keepSchemas(dir, [{ schema: later }])
    const body = avsc.Type.forSchema(JSON.parse(later)).toBuffer(new Samples(JSON.parse(later)).at(3))
    expect(codecs.get(idOf(later), Fill)(body, 0, body.length)).not.toHaveProperty('most')
  })

  it('refuses what cannot be read as ours, and names the field', () => {
    const dir = newDir()
    const before = other((fields) => fields.filter(({ name }) => name !== 'px'))
    keepSchemas(dir, [{ schema: before }])
    expect(() => new DirectorySchemas(dir).get(idOf(before), Fill)).toThrow(
      expect.objectContaining({
        code: 'SCHEMA_CHANGED',
        exit_code: 2,
        message: 'records of another schema of Fill cannot be read as ours: `px` was not written and has no default',
      }),
    )
  })

  it('refuses a schema that nobody holds', () => {
    expect(() => new DirectorySchemas(newDir()).get(1, Fill)).toThrow(
      expect.objectContaining({
        code: 'SCHEMA_CHANGED',
        message: 'records were written by another schema of Fill, which neither the directory nor this build holds',
      }),
    )
  })

  it('says so when its schemas are damaged, and only where they are needed', () => {
    const dir = newDir()
    keepSchemas(dir, [Fill])
    const [name] = readdirSync(join(dir, 'schemas'))
    writeFileSync(join(dir, 'schemas', name as string), '[{')
    const codecs = new DirectorySchemas(dir)
    expect(codecs.get(schemaId(Fill), Fill)).toBe(Fill.decode)
    expect(() => codecs.get(1, Fill)).toThrow(expect.objectContaining({ code: 'DATA_DAMAGED', exit_code: 3 }))
  })
})
