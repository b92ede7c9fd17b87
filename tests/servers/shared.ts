/**
 * One broker and one registry for all test files of a run, started when the first file asks and stopped at the end.
 *
 * vitest's main process holds them (this module is its global set-up) and answers on a socket; a run whose files ask for
 * no server pays for the socket alone. Test files use `describeWithKafka` and its like from `index.ts`.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { Unavailable } from './jars.ts'
import { startKafka } from './kafka.ts'
import { startRegistry } from './registry.ts'

declare module 'vitest' {
  interface ProvidedContext {
    servers_socket: string
  }
}

const STARTERS = { kafka: () => startKafka(), registry: () => startRegistry() }

export type ServerName = keyof typeof STARTERS

/** Where a server is and how it came to be, or why there is none. */
export interface Found {
  readonly address: string
  readonly how: string
}
export type Answer = Found | { readonly missing: string }

interface Running {
  readonly bootstrap?: string
  readonly url?: string
  readonly how: string
  stop(): Promise<void>
}

/** vitest's global set-up; answers its tear-down. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'aitrader-servers-'))
  const socket = join(folder, 'socket')
  const started = new Map<string, Promise<Running>>()
  const server = createServer(async (asked, response) => {
    const name = asked.url!.slice(1) as ServerName
    if (!started.has(name)) started.set(name, STARTERS[name]())
    response.end(JSON.stringify(await answerOf(started.get(name)!)))
  })
  server.listen(socket)
  await once(server, 'listening')
  server.unref()
  project.provide('servers_socket', socket)
  return async () => {
    server.close()
    for (const running of started.values()) await running.then((it) => it.stop()).catch(() => {})
    rmSync(folder, { recursive: true, force: true })
  }
}

async function answerOf(running: Promise<Running>): Promise<Answer> {
  try {
    const { bootstrap, url, how } = await running
    return { address: bootstrap ?? url!, how }
  } catch (cause) {
    return { missing: cause instanceof Unavailable ? cause.message : String((cause as Error).stack) }
  }
}

/** Asks the set-up that listens on `socketPath`; waits while the server starts. */
export async function sharedServer(socketPath: string, name: ServerName): Promise<Answer> {
  const asked = request({ socketPath, path: `/${name}` }).end()
  const [response] = await once(asked, 'response')
  let body = ''
  for await (const chunk of response) body += chunk
  return JSON.parse(body)
}
