/** `aitrader sink`: records of a directory in files, each once, whatever happens in between. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { sinkCommand } from '../../cli/commands/sink.ts'
import { topicCommand } from '../../cli/commands/topic.ts'
import { freePorts } from '../servers/held.ts'
import { aitrader, capture, captureLines, newFolder, start } from './command.ts'
import { inProcess } from './in-process.ts'
import { runTo } from './partial-run.ts'

const folder = newFolder()
const data = join(folder, 'data')
const overlay = join(folder, 'sinks.yaml')
const TOPICS = ['market.nbbo.v1', 'market.events.v1']
let lines: string[]

const out = (name: string) => join(folder, name)
/** An overlay with one sink into the folder. */
function sinksInto(name: string, per_file = 100): string[] {
  const params = `{ folder: ${out(name)}, records_per_file: ${per_file} }`
  writeFileSync(overlay, `sinks:\n  kept: { use: file, topics: [${TOPICS.join(', ')}], params: ${params} }\n`)
  return ['--overlay', overlay]
}
const up = (file: string, ...more: string[]) =>
  aitrader('up', '--data', data, '--replay', file, '--format', 'binance-spot', '--once', ...more)
const carried = (name: string, ...more: string[]) =>
  inProcess(sinkCommand(), ...sinksInto(name), '--data', data, '--once', '--json', ...more)

const partitionsOf = (name: string, topic: string) =>
  readdirSync(join(out(name), topic))
    .filter((one) => /^[0-9]+$/.test(one))
    .sort()

/** Every line of a topic's files, partition by partition, and the names of the files with how many lines each has. */
function kept(name: string, topic: string) {
  const files: [string, number][] = []
  const all: string[] = []
  for (const partition of partitionsOf(name, topic)) {
    for (const file of readdirSync(join(out(name), topic, partition)).sort()) {
      const found = readFileSync(join(out(name), topic, partition, file), 'utf8')
        .trimEnd()
        .split('\n')
      files.push([`${partition}/${file}`, found.length])
      all.push(...found)
    }
  }
  return { files, all }
}

async function told(topic: string, dir = data): Promise<string[]> {
  const { stdout } = await inProcess(topicCommand(), 'read', topic, '--json', '--data', dir)
  return stdout.trimEnd().split('\n')
}

beforeAll(async () => {
  lines = await captureLines(7, 6_000, 300)
  const { code, stderr } = await up(capture(folder, 'first.txt', lines))
  expect(code, stderr).toBe(0)
})

it('keeps what `topic read --json` says, in files that are full but for the last', async () => {
  const { code, stdout } = await carried('whole')
  expect(code).toBe(0)
  const counts: Record<string, number> = {}
  for (const topic of TOPICS) {
    const { files, all } = kept('whole', topic)
    expect(all).toEqual(await told(topic))
    counts[topic] = all.length
    for (const [index, [file, count]] of files.entries()) {
      const [partition, name] = file.split('/') as [string, string]
      const number = files.slice(0, index).filter(([one]) => one.startsWith(`${partition}/`)).length * 100
      expect(name).toBe(`${String(number).padStart(16, '0')}.jsonl`)
      if (files[index + 1]?.[0].startsWith(`${partition}/`)) expect(count).toBe(100)
    }
  }
  expect(JSON.parse(stdout)).toEqual({ sink: 'kept', records: counts })
  expect(counts['market.events.v1']).toBeGreaterThan(500)
})

it('carries nothing twice, and goes on after a kill at any time', async () => {
  await carried('again')
  expect(JSON.parse((await carried('again')).stdout)).toMatchObject({ records: { 'market.events.v1': 0 } })
  // As a kill leaves it: the last file not there yet, and half of the next beside it.
  const topic = 'market.events.v1'
  const partition = partitionsOf('again', topic)[0] as string
  const last = readdirSync(join(out('again'), topic, partition))
    .sort()
    .at(-1) as string
  const path = join(out('again'), topic, partition, last)
  renameSync(path, `${path}.part`)
  truncateSync(`${path}.part`, 50)
  await carried('again')
  expect(kept('again', topic).all).toEqual(await told(topic))
})

it('goes on with other sizes of files without a hole', async () => {
  const grows = join(folder, 'grows')
  for (const [frames, size] of [
    [250, 70],
    [500, 1000],
    [800, 30],
  ] as const) {
    await runTo({ dir: grows, seed: 5, frames })
    await inProcess(sinkCommand(), ...sinksInto('sizes', size), '--data', grows, '--once')
  }
  for (const topic of TOPICS) expect(kept('sizes', topic).all).toEqual(await told(topic, grows))
  expect(new Set(kept('sizes', 'market.events.v1').files.map(([, count]) => count)).size).toBeGreaterThan(2)
})

it('follows a run beside it, and has everything when it is stopped', async () => {
  const live = join(folder, 'live')
  const [port] = await freePorts(1)
  const running = start(['up', '--data', live])
  await running.says('simulated market')
  const sink = start(['sink', ...sinksInto('live'), '--data', live, '--json', '--listen', String(port)])
  const keeps = async (enough: (lines: number) => boolean) => {
    for (;;) {
      try {
        if (enough(kept('live', 'market.events.v1').all.length)) return
      } catch {
        // Not begun yet, or a file was put in its place between two looks.
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  await keeps((lines) => lines > 0)
  running.child.kill('SIGTERM')
  expect((await running.ended).code).toBe(0)
  const there = await told('market.events.v1', live)
  await keeps((lines) => lines === there.length)
  const labels = '{sink="kept",topic="market.events.v1"}'
  const wanted = [`records_total${labels} ${there.length}\n`, `behind_records${labels} 0\n`]
  // A file is there a moment before it counts as written.
  for (let page = ''; !wanted.every((line) => page.includes(`aitrader_sink_${line}`)); ) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  }
  sink.child.kill('SIGTERM')
  const ended = await sink.ended
  expect(ended.code, ended.stderr).toBe(0)
  expect(kept('live', 'market.events.v1').all).toEqual(there)
})

it('is run by `up`, too: what is durable at its end is in the files, and the others of the folder wait', async () => {
  const own = join(folder, 'own')
  const [port] = await freePorts(1)
  const paced = ['--speed', '5x', '--listen', String(port)]
  const running = start(['up', ...sinksInto('own', 50), '--data', own, ...paced])
  const holder = join(out('own'), 'market.events.v1', 'holder.json')
  while (!existsSync(holder)) await new Promise((resolve) => setTimeout(resolve, 20))
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  expect(page).toContain('aitrader_sink_failed{sink="kept"} 0\n')
  const second = await inProcess(sinkCommand(), ...sinksInto('own', 50), '--data', own, '--once')
  expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining('(DIRECTORY_LOCKED)') })
  running.child.kill('SIGTERM')
  expect((await running.ended).code).toBe(0)
  for (const topic of TOPICS) expect(kept('own', topic).all).toEqual(await told(topic, own))
})

it('does not end the run where it fails, but says so, and the command ends with it', async () => {
  writeFileSync(out('file'), 'no folder')
  const failed = join(folder, 'failed')
  const replay = ['--replay', capture(folder, 'short.txt', lines.slice(0, 300)), '--format', 'binance-spot', '--once']
  const { code, stdout, stderr } = await aitrader('up', ...sinksInto('file'), '--data', failed, ...replay, '--json')
  expect({ code, said: /FILE_UNWRITABLE/.test(stderr) }).toEqual({ code: 4, said: true })
  expect(JSON.parse(stdout)).toHaveProperty('state_sha256')
  expect((await told('market.events.v1', failed)).length).toBeGreaterThan(250)
})

it('refuses a folder that holds the records of another run', async () => {
  await carried('other')
  rmSync(data, { recursive: true })
  await up(capture(folder, 'second.txt', lines.slice(0, 300)))
  const { code, stderr } = await carried('other')
  expect({ code, said: stderr.includes('SINK_BEHIND') }).toEqual({ code: 3, said: true })
})

it('says what is wrong with how it is asked', async () => {
  const none = await inProcess(sinkCommand(), '--data', data)
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('has no sinks (BAD_OPTION)') })
  const unknown = await inProcess(sinkCommand(), 'keept', ...sinksInto('x'), '--data', data)
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean `kept`?') })
  const kafka = ['--kafka', '127.0.0.1:1', '--registry', 'http://127.0.0.1:1', '--once']
  expect((await inProcess(sinkCommand(), ...sinksInto('x'), ...kafka)).stderr).toContain('--once goes with --data')
})
