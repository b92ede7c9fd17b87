import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditCommand } from '../../cli/commands/audit.ts'
import { dlqCommand } from '../../cli/commands/dlq.ts'
import { topicCommand } from '../../cli/commands/topic.ts'
import { describeWithKafkaAndRegistry } from '../servers/index.ts'
import { capture, captureLines, newFolder } from './command.ts'
import { inProcess } from './in-process.ts'
import { newWorld, type Running, runEmbedded, runLanes, type World } from './kafka-world.ts'

/** Dead letters sent through their stage again: on Kafka while it runs, in a directory that nobody runs. */

const BAD = '{"stream":"btcusdt@trade","data":{"e":"trade","x":}}'

describeWithKafkaAndRegistry('dead letters', (servers) => {
  const folder = newFolder()
  const dir = join(folder, 'embedded')
  let world: World
  let running: Running
  let file = ''

  beforeAll(async () => {
    const lines = await captureLines(7, 100)
    const at_ns = Number((lines.at(-1) as string).slice(0, 16)) + 5
    file = capture(folder, 'capture.txt', [...lines, `${at_ns}000 ${BAD}\n`, `${at_ns}001 ${BAD}\n`])
    world = await newWorld(servers)
    running = await runLanes(world, { replay: file })
    await runEmbedded(dir, world, { replay: file })
  })
  afterAll(async () => {
    await running?.stop()
    await world?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const rows = (stdout: string) =>
    stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>)

  describe.each(['on Kafka, where lanes run', 'in a directory that nobody runs'])('%s', (where) => {
    const at = () => (where.startsWith('on Kafka') ? world.at : ['--data', dir])
    const dlq = (...args: readonly string[]) => inProcess(dlqCommand(), ...args, ...at())
    /** When there are so many: lanes take what they are given in their own time. */
    const letters = async (count: number) => {
      for (;;) {
        const found = rows((await dlq('list', '--json')).stdout)
        if (found.length >= count) return found
        await setImmediate()
      }
    }

    test('all are sent through again, each as a new record that the refused one caused', async () => {
      const [first, second] = await letters(2)
      const sent = await dlq('replay', '--all', '--actor', 'desk-7', '--json')
      expect(sent).toMatchObject({ code: 0, stderr: '' })
      expect(rows(sent.stdout)).toMatchObject([
        { offset: 0, stage: 'normalizer', origin_id: first?.origin_id, sent: true },
        { offset: 1, stage: 'normalizer', origin_id: second?.origin_id, sent: true },
      ])
      const read = ['read', world.topic('redeliveries.v1'), '--json']
      const redelivered = rows((await inProcess(topicCommand(), ...read, ...at())).stdout)
      expect(redelivered.map(({ id, value }) => [id, (value as { actor: string }).actor])).toEqual([
        ['redelivery:0', 'desk-7'],
        ['redelivery:1', 'desk-7'],
      ])
      // This build refuses them as the last one did, and says what it was given.
      const again = (await letters(4)).slice(2)
      expect(again.map(({ code, origin_id, origin_topic }) => [code, origin_id, origin_topic])).toEqual([
        [first?.code, 'redelivery:0', world.topic('audit.raw-ticks.v1')],
        [second?.code, 'redelivery:1', world.topic('audit.raw-ticks.v1')],
      ])
    })

    test('none is sent twice, unless it is asked for', async () => {
      const left = await dlq('replay', '0', '--json')
      expect(left.code).toBe(1)
      expect(rows(left.stdout)).toMatchObject([{ sent: false, left_out: 'it was sent through again before' }])
      const dry = await dlq('replay', '0', '--again', '--dry-run')
      expect(dry).toMatchObject({ code: 0, stderr: '' })
      expect(dry.stdout.split('\n')[1]).toBe('1 of 1 would be sent through again')
    })

    test('a letter of a redelivered record leads back to the record itself', async () => {
      expect((await dlq('replay', '2')).code).toBe(0)
      expect((await letters(5))[4]).toMatchObject({ origin_id: 'redelivery:2' })
    })

    test('what says nothing is refused', async () => {
      const ended = await dlq('replay')
      expect(ended).toMatchObject({ code: 2, stdout: '' })
      expect(ended.stderr).toContain('give an OFFSET of `dlq list`, --stage, --code, or --all')
    })

    test('the trail covers what came again, and the decisions run again to the same', async () => {
      if (where.startsWith('on Kafka')) await running.stop()
      const verified = JSON.parse((await inProcess(auditCommand(), 'verify', '--json', ...at())).stdout)
      expect(verified).toMatchObject({ ok: true })
      const traced = JSON.parse((await inProcess(auditCommand(), 'trace', 'redelivery:2', '--json', ...at())).stdout)
      expect(traced.chain.slice(0, 2).map(({ id }: { id: string }) => id)).toEqual(['redelivery:2', 'redelivery:0'])
      expect(traced.frames).toHaveLength(1)
      const replayed = JSON.parse((await inProcess(auditCommand(), 'replay', '--json', ...at())).stdout)
      expect(replayed).toMatchObject({ different: 0 })
    })
  })
})
