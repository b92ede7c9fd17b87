/** A real schema registry for tests: the one that `REGISTRY_URL` names, else Apicurio from Maven Central. */
import { existsSync, globSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts, Held } from './held.ts'
import { findJava, registryApp, Unavailable } from './jars.ts'
import { firstOf } from './kafka.ts'

const START_TIMEOUT_MS = 180_000

export interface SchemaRegistry {
  /** Its Confluent-compatible API. */
  readonly url: string
  /** In words, for people. */
  readonly how: string
  /** Ends it (what it held is gone); nothing for a given one. */
  stop(): Promise<void>
}

export function startRegistry(options: { own?: boolean } = {}): Promise<SchemaRegistry> {
  return firstOf<SchemaRegistry>('schema registry', [
    ...(options.own ? [] : [['given', given] as const]),
    ['jars', apicurio],
  ])
}

async function given(): Promise<SchemaRegistry> {
  const url = process.env.REGISTRY_URL
  if (url === undefined || url === '') throw new Unavailable('REGISTRY_URL is not set')
  return { url, how: 'the registry that REGISTRY_URL names', stop: async () => {} }
}

/** Storage is a database in memory. */
async function apicurio(): Promise<SchemaRegistry> {
  const java = await findJava(17)
  const app = await registryApp()
  const [jar] = globSync('**/*-runner.jar', { cwd: app })
  if (jar === undefined || !existsSync(join(app, jar))) throw new Unavailable(`there is no runner jar in ${app}`)
  const folder = mkdtempSync(join(tmpdir(), 'aitrader-registry-'))
  const [port, management] = await freePorts(2)
  const settings = {
    'quarkus.http.host': '127.0.0.1',
    'quarkus.http.port': port,
    'quarkus.management.host': '127.0.0.1',
    'quarkus.management.port': management,
    'quarkus.log.level': 'WARN',
  }
  const defines = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`)
  const args = ['-Xmx384m', '-XX:TieredStopAtLevel=1', ...defines, '-jar', join(app, jar)]
  const held = new Held({ command: java, args, cwd: folder, folder })
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
  try {
    await held.start()
    await answers(`${url}/subjects`)
  } catch (cause) {
    await held.stop()
    throw cause
  }
  return { url, how: 'Apicurio from Maven Central', stop: () => held.stop() }
}

/** Waits until `url` answers; the server says nothing of itself that could be waited for. */
async function answers(url: string): Promise<void> {
  const end = performance.now() + START_TIMEOUT_MS
  for (;;) {
    const response = await fetch(url).catch(() => null)
    if (response?.ok) return
    if (performance.now() > end) throw new Error(`${url} did not answer in ${START_TIMEOUT_MS} ms`)
    await sleep(100)
  }
}
