import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  Codecs,
  openRegistry,
  type Registry,
  registryOptions,
  schemaIds,
  subjectOf,
} from '../../../connectors/registry/index.ts'
import type { RecordType } from '../../../runtime/api/index.ts'
import { fingerprint } from '../../../schemas/canonical.ts'
import { Fill, MarketEvent, records } from '../../../schemas/generated/index.ts'
import { describeWithRegistry } from '../../servers/index.ts'
import { makeCertificates } from '../kafka/certificates.ts'

const failing = (code: string, exit_code: number) => expect.objectContaining({ code, exit_code })

let last = 0
/** A topic that nobody else has. */
const newTopic = () => `registry-test-${process.pid}-${++last}`

describeWithRegistry('a real registry', ({ url }) => {
  const withRegistry = async (body: (registry: Registry) => Promise<void>) => {
    const registry = await openRegistry(url)
    try {
      await body(registry)
    } finally {
      registry.close()
    }
  }

  test('a subject that does not exist has no versions', () =>
    withRegistry(async (registry) => {
      const subject = subjectOf(newTopic())
      expect(await registry.versions(subject)).toEqual([])
      expect((await registry.mode(subject)).own).toBe(false)
      expect(await registry.subjects()).not.toContain(subject)
    }))

  test('registering is idempotent and sets the mode', () =>
    withRegistry(async (registry) => {
      const subject = subjectOf(newTopic())
      const id = await registry.register(subject, Fill.schema, 'FULL_TRANSITIVE')
      expect(await registry.register(subject, Fill.schema, 'FULL_TRANSITIVE')).toBe(id)
      expect(await registry.versions(subject)).toEqual([{ version: 1, id, schema: Fill.schema }])
      expect(await registry.mode(subject)).toEqual({ mode: 'FULL_TRANSITIVE', own: true })
      await registry.setMode(subject, 'BACKWARD')
      expect(await registry.mode(subject)).toEqual({ mode: 'BACKWARD', own: true })
      expect(await registry.register(subject, Fill.schema, 'FULL_TRANSITIVE')).toBe(id)
    }))

  test('it refuses what its mode refuses', () =>
    withRegistry(async (registry) => {
      const subject = subjectOf(newTopic())
      await registry.register(subject, MarketEvent.schema, 'FULL_TRANSITIVE')
      const other = MarketEvent.schema.replace('"name":"sequence","type":"long"', '"name":"sequence","type":"string"')
      const refused = registry.register(subject, other, 'FULL_TRANSITIVE')
      await expect(refused).rejects.toEqual(failing('SCHEMA_INCOMPATIBLE', 1))
      expect(await registry.versions(subject)).toHaveLength(1)
    }))

  test('an id leads to the schema, an unknown one to an error', () =>
    withRegistry(async (registry) => {
      const id = await registry.register(subjectOf(newTopic()), Fill.schema, 'FULL')
      const names = (text: string) =>
        (JSON.parse(text) as { fields: { name: string }[] }).fields.map(({ name }) => name)
      expect(names(await registry.schema(id))).toEqual(names(Fill.schema))
      await expect(registry.schema(2_000_000_000)).rejects.toEqual(failing('SCHEMA_UNKNOWN', 3))
    }))

  test('every record is known again by its fingerprint, so that it is decoded without a detour', () =>
    withRegistry(async (registry) => {
      for (const record of Object.values(records)) {
        const id = await registry.register(subjectOf(newTopic()), record.schema, 'FULL')
        expect(fingerprint(await registry.schema(id)), record.name).toBe(record.fingerprint)
      }
    }))

  test('ids of what a topology writes, by fingerprint; all that are missing at once', () =>
    withRegistry(async (registry) => {
      const [fills, events] = [newTopic(), newTopic()]
      const topics = [
        { name: fills, record: Fill as RecordType<never> },
        { name: events, record: MarketEvent as RecordType<never> },
      ]
      await expect(schemaIds(registry, topics)).rejects.toMatchObject({
        code: 'SCHEMA_UNREGISTERED',
        message: expect.stringContaining(`${fills}-value, ${events}-value`),
      })
      const id = await registry.register(subjectOf(fills), Fill.schema, 'FULL')
      const other = await registry.register(subjectOf(events), MarketEvent.schema, 'FULL')
      expect(await schemaIds(registry, topics)).toEqual(
        new Map([
          [Fill.fingerprint, id],
          [MarketEvent.fingerprint, other],
        ]),
      )
    }))

  test('codecs: fetched once, then at once', () =>
    withRegistry(async (registry) => {
      const id = await registry.register(subjectOf(newTopic()), Fill.schema, 'FULL')
      let asked = 0
      const codecs = new Codecs({
        schema: (of) => {
          asked++
          return registry.schema(of)
        },
      })
      expect(() => codecs.get(id, Fill)).toThrow('the schema')
      const [one, other] = [codecs.prepare(id), codecs.prepare(id)]
      expect(one).toBe(other)
      await one
      expect(codecs.prepare(id)).toBeUndefined()
      expect(codecs.get(id, Fill)).toBe(codecs.get(id, Fill))
      expect(asked).toBe(1)
      await expect(codecs.load([id, 2_000_000_000])).rejects.toEqual(failing('SCHEMA_UNKNOWN', 3))
    }))

  test('an address where something else answers is no registry', async () => {
    await expect(openRegistry(`${new URL(url).origin}/`)).rejects.toEqual(failing('REGISTRY_UNREACHABLE', 4))
  })
})

test('an address where nobody answers', async () => {
  const opened = openRegistry('http://127.0.0.1:1/apis/ccompat/v7', { retries: 1 })
  await expect(opened).rejects.toEqual(failing('REGISTRY_UNREACHABLE', 4))
})

test.each(['127.0.0.1:8081', 'ftp://host/', 'http://user:secret@host/'])('%s is no address', async (url) => {
  await expect(openRegistry(url)).rejects.toEqual(failing('BAD_OPTION', 2))
})

/** A registry with one subject, that may refuse or fail. */
async function fakeRegistry(answer: (headers: IncomingHttpHeaders, path: string) => number) {
  const server = createServer((request, response) => {
    const status = answer(request.headers, request.url ?? '')
    response.writeHead(status, { 'content-type': 'application/json' })
    const body = request.url === '/subjects' ? [] : { id: 1, schema: Fill.schema, message: 'as asked' }
    response.end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, close: () => server.close() }
}

describe('who we are', () => {
  test.each([
    ['a password', { AITRADER_REGISTRY_USERNAME: 'me', AITRADER_REGISTRY_PASSWORD: 'pw' }, 'Basic bWU6cHc='],
    ['a token', { AITRADER_REGISTRY_TOKEN: 'abc' }, 'Bearer abc'],
  ])('%s goes with every call, the client library included', async (_, environment, expected) => {
    const seen: (string | undefined)[] = []
    const fake = await fakeRegistry(({ authorization }) => {
      seen.push(authorization)
      return authorization === expected ? 200 : 401
    })
    const registry = await openRegistry(fake.url, registryOptions(environment))
    await registry.schema(1)
    expect(seen).toEqual([expected, expected])
    registry.close()
    fake.close()
    await expect(openRegistry(fake.url, { retries: 0 })).rejects.toEqual(failing('REGISTRY_UNREACHABLE', 4))
  })

  test('a registry that wants to know and is not told', async () => {
    const fake = await fakeRegistry(({ authorization }) => (authorization === undefined ? 401 : 403))
    await expect(openRegistry(fake.url)).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      message: expect.stringContaining('no credentials were given'),
    })
    await expect(openRegistry(fake.url, { auth: { token: 'x' } })).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      message: expect.stringContaining('it refuses the credentials given'),
    })
    fake.close()
  })

  test('secrets from files, which must be readable', () => {
    const file = join(import.meta.dirname, 'registry.test.ts')
    const environment = { AITRADER_REGISTRY_USERNAME: 'me', AITRADER_REGISTRY_PASSWORD_FILE: file }
    const password = readFileSync(file, 'utf8').replace(/\n$/, '')
    expect(registryOptions(environment)).toEqual({ auth: { username: 'me', password } })
    expect(registryOptions({ AITRADER_REGISTRY_CA_FILE: file })).toEqual({ ca: readFileSync(file, 'utf8') })
    expect(registryOptions({})).toEqual({})
    const missing = { AITRADER_REGISTRY_TOKEN_FILE: `${file}.missing` }
    expect(() => registryOptions(missing)).toThrow(failing('SECRET_UNREADABLE', 2))
    expect(() => registryOptions({ AITRADER_REGISTRY_USERNAME: 'me' })).toThrow(failing('BAD_ENVIRONMENT', 2))
    const both = { AITRADER_REGISTRY_USERNAME: 'me', AITRADER_REGISTRY_TOKEN: 'x' }
    expect(() => registryOptions(both)).toThrow(failing('BAD_ENVIRONMENT', 2))
  })
})

test('TLS: only certificates of an authority that is named are trusted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'aitrader-registry-tls-'))
  const { ca_file, server_pem_file } = makeCertificates(folder)
  const pem = readFileSync(server_pem_file, 'utf8')
  const server = createTlsServer({ key: pem, cert: pem }, (request, response) => {
    response.end(request.url === '/subjects' ? '[]' : JSON.stringify({ schema: Fill.schema }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const registry = await openRegistry(url, registryOptions({ AITRADER_REGISTRY_CA_FILE: ca_file }))
    // The client library trusts the same.
    expect(JSON.parse(await registry.schema(1))).toMatchObject({ name: 'aitrader.Fill' })
    registry.close()
    await expect(openRegistry(url)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      hint: 'name the certificates to trust with AITRADER_REGISTRY_CA_FILE',
    })
  } finally {
    server.close()
    rmSync(folder, { recursive: true })
  }
})

test('a registry that fails for a moment is asked again; one that goes on failing ends it', async () => {
  let calls = 0
  const fake = await fakeRegistry((_, path) => (path === '/subjects' && calls++ < 2 ? 503 : 200))
  const registry = await openRegistry(fake.url)
  expect(calls).toBe(3)
  registry.close()
  fake.close()
  const broken = await fakeRegistry(() => 500)
  await expect(openRegistry(broken.url, { retries: 1 })).rejects.toEqual(failing('REGISTRY_FAILED', 4))
  broken.close()
})
