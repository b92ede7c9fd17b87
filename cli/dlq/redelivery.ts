import { AppError, Arena, DataFault, parseRecordId } from '../../runtime/api/index.ts'
import type { Plan } from '../../runtime/plan/plan.ts'
import { Redelivery } from '../../schemas/generated/index.ts'
import { checkActor } from '../control-record.ts'

/** Redeliveries that come from outside are checked before they reach a run: one that it cannot encode would end it. */

/** From JSON, the bytes as base64. An AppError `REDELIVERY_INVALID` (exit 2) for what is no Redelivery. */
export function parseRedelivery(json: unknown): Redelivery {
  try {
    const given = json as Omit<Redelivery, 'bytes'> & { bytes: string }
    return checkRedelivery({ ...given, bytes: Buffer.from(given.bytes, 'base64') })
  } catch (error) {
    if (error instanceof AppError) throw error
    throw invalid((error as Error).message)
  }
}

/** Its own fields and nothing but these. */
export function checkRedelivery(value: Redelivery): Redelivery {
  checkActor(value.actor, '')
  const arena = new Arena(1024)
  try {
    Redelivery.encode(value, arena)
    return Redelivery.decode(arena.buf, 0, arena.pos)
  } catch (error) {
    if (!(error instanceof DataFault)) throw error
    throw invalid(`${error.code}: ${error.message}`)
  }
}

/**
 * Refuses (`REDELIVERY_INVALID`, exit 2) what no task of the plan would take: the letter's producer must read the
 * record's topic and partition, and the bytes must be a record of it.
 */
export function refuseMisplaced(plan: Plan, { letter_id, origin_topic, origin_partition, bytes }: Redelivery): void {
  const name = parseRecordId(letter_id)?.producer
  const task = plan.tasks.find((one) => one.name === name)
  if (task === undefined) throw invalid(`no task ${name ?? letter_id} wrote ${letter_id}`)
  const takes = task.inputs.some(({ redelivery }) => redelivery === true)
  const input = task.inputs.find(({ topic, partition, redelivery }) => {
    return topic.name === origin_topic && partition === origin_partition && redelivery !== true
  })
  if (!takes) throw invalid(`the stage ${task.stage} takes nothing again: it has no \`faults_to\``)
  if (input === undefined || task.processor.on[input.port] === undefined) {
    throw invalid(`${name} does not read ${origin_topic}/${origin_partition}`)
  }
  try {
    input.topic.record.decode(bytes, 0, bytes.length)
  } catch (error) {
    if (!(error instanceof DataFault)) throw error
    throw invalid(`the bytes are no ${input.topic.record.name}: ${error.message}`)
  }
}

function invalid(why: string): AppError {
  return new AppError('REDELIVERY_INVALID', `this cannot be sent through again: ${why}`, {
    exit_code: 2,
    hint: '`aitrader dlq list` shows the dead letters there are',
  })
}
