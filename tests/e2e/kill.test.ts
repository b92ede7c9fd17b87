import { existsSync, mkdtempSync, readdirSync, rmSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedReader, openEmbeddedReader } from '../../connectors/embedded/index.ts'
import { createReplay, replayFormats } from '../../connectors/replay/index.ts'
import { FORMAT, RECORDED_FILE, writeMarketCaptures } from './capture.ts'
import { aitrader, type Ended, type Started, summaryOf, upArgs } from './command.ts'
import { Draws } from './draws.ts'
import { NO_DATA } from './spine.ts'
import { results, type Whole, wholeRun } from './whole-run.ts'

/**
 * The real command, killed again and again on one directory: while it makes the directory, at 20 points drawn over the
 * committed records, and while it stops. What is there at the end is what an undisturbed run leaves.
 *
 * A reader beside the command tells when the next point is committed. It looks whenever the log's file is written, so a
 * kill lands within a commit or two of its point, wherever the command is by then: reading, computing or writing.
 */
const SEED = 20_240_808
const KILLS = 20
/** Fast enough to end soon, slow enough that a kill lands where it was drawn. */
const SPEED = ['--speed', '100x']
const FRAMES_TOPIC = 'audit.raw-ticks.v1'
/** In the order in which they appear in a new directory; the empty name is the directory. */
const MAKING = ['', 'lock.sqlite', 'format.json', 'log.mdb', 'run.json']

if (RECORDED_FILE === undefined) console.warn(`killing runs of a generated capture: ${NO_DATA}`)

describe(`kill -9 on ${RECORDED_FILE === undefined ? 'a generated capture' : 'the recorded Binance file'}`, () => {
  const root = mkdtempSync(join(tmpdir(), 'aitrader-kill-'))
  const dir = join(root, 'data')
  let files: readonly string[]
  let whole: Whole

  beforeAll(async () => {
    files = RECORDED_FILE === undefined ? await writeMarketCaptures(root, 1, 60_000) : [RECORDED_FILE]
    const replays = files.map((path) => ({ path, format: FORMAT }))
    whole = await wholeRun(await createReplay({ files: replays, formats: replayFormats }))
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  /** Enough is left behind it that the command cannot end before the kill. */
  const lastPoint = () => Math.floor(whole.summary.frames * 0.9)
  const start = (heard?: (stderr: string) => void) => aitrader(upArgs(dir, files, FORMAT, ...SPEED), heard)

  it('while the directory is being made', async () => {
    for (const name of MAKING) {
      if (existsSync(join(dir, name))) continue
      const life = start()
      await until(life, name === '' ? root : dir, async () => existsSync(join(dir, name)))
      life.kill()
      expect(await life.ended, `killed at ${name}`).toMatchObject({ signal: 'SIGKILL' })
    }
  })

  it(`at ${KILLS} points drawn over the committed records`, async () => {
    const draws = new Draws(SEED)
    const points = Array.from({ length: KILLS }, () => 1 + draws.below(lastPoint()))
    points.sort((a, b) => a - b)
    for (const point of points) {
      const life = start()
      await until(life, dir, committed(dir, point))
      life.kill()
      expect((await life.ended).signal, `killed at ${point}`).toBe('SIGKILL')
    }
  }, 300_000)

  it('while it stops', async () => {
    let killed = 0
    // A stop may be over before the kill that follows its first word; then another one is tried.
    for (let tries = 0; killed < 2; tries++) {
      expect(tries).toBeLessThan(40)
      const life = start((stderr) => {
        if (stderr.includes('stopping:')) life.kill()
      })
      await until(life, dir, committed(dir, lastPoint() + 25 * tries))
      life.process.kill('SIGTERM')
      if ((await life.ended).signal === 'SIGKILL') killed++
    }
  }, 120_000)

  it('leaves no trace in topics and state', async () => {
    const summary = summaryOf(await aitrader(upArgs(dir, files, FORMAT)).ended)
    expect(results(summary)).toEqual(results(whole.summary))
  })

  it('leaves no litter in the directory', () => {
    expect(readdirSync(dir).filter((name) => /\.(probe|draft|new|sock)$/.test(name))).toEqual([])
  })

  it('adds nothing when run again on the finished directory', async () => {
    const summary = summaryOf(await aitrader(upArgs(dir, files, FORMAT)).ended)
    expect(results(summary)).toEqual(results(whole.summary))
  })
})

/** Looks at every change in `folder`, from the first on, until `reached`; fails where the command ends before. */
async function until(life: Started, folder: string, reached: () => Promise<boolean>): Promise<void> {
  let ended: Ended | undefined
  let wake = () => {}
  const change = () =>
    new Promise<void>((resolve) => {
      wake = resolve
    })
  let changed = change()
  const watcher = watch(folder, () => wake())
  life.ended.then((how) => {
    ended = how
    wake()
  })
  try {
    do {
      await changed
      changed = change()
      if (ended !== undefined) throw new Error(`the command ended with ${ended.code ?? ended.signal}: ${ended.stderr}`)
    } while (!(await reached()))
  } finally {
    watcher.close()
  }
}

/** Whether `point` frames are durable in `dir`, by a reader that opens as soon as there is something to read. */
function committed(dir: string, point: number): () => Promise<boolean> {
  let reader: EmbeddedReader | undefined
  return async () => {
    reader ??= await openEmbeddedReader(dir).catch(noLogYet)
    const topic = reader?.topics().find(({ name }) => name === FRAMES_TOPIC)
    if (reader === undefined || topic === undefined) return false
    let frames = 0
    for (let p = 0; p < topic.partitions; p++) frames += reader.partition(FRAMES_TOPIC, p).end_offset
    if (frames < point) return false
    await reader.close()
    return true
  }
}

function noLogYet(error: unknown): undefined {
  if ((error as { code?: unknown }).code !== 'DIRECTORY_NOT_FOUND') throw error
}
