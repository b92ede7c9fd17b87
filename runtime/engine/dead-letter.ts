import { AppError } from '../api/fault.ts'
import type { StepContext } from './context.ts'

/** Values that justify a code. */
export type Detail = Readonly<Record<string, unknown>>

/** The dead letter of the record, timer or answer in hand; mirrors `schemas/dead-letter.avsc`. */
export function letterOf(ctx: StepContext, stage: string, code: string, detail: Detail) {
  const { envelope } = ctx
  const payload = (envelope?.value as { payload?: unknown } | undefined)?.payload
  return {
    origin_topic: ctx.topic,
    origin_partition: ctx.partition,
    origin_id: ctx.id,
    stage,
    code,
    detail: textOf(detail),
    record: envelope?.topic.record.name ?? '',
    bytes: payload instanceof Uint8Array ? payload : ctx.body(),
  }
}

/** What stops a stage whose refused records block it, before it passes one. */
export function stageBlocked(stage: string, id: string, code: string, detail: Detail): AppError {
  return new AppError('STAGE_BLOCKED', `stage ${stage} stops before ${id}: ${code} ${textOf(detail)}`, {
    exit_code: 3,
    hint: 'mend the cause and start again: it goes on with this record; `dead_letters: { later: continue }` skips such',
  })
}

/** What stops a stage that has refused more than it may. */
export function faultLimit(stage: string, max_faults: number, code: string): AppError {
  return new AppError('FAULT_LIMIT', `stage ${stage} refused more than ${max_faults} records, the last with ${code}`, {
    exit_code: 3,
    hint: 'look at the dead letters with `aitrader dlq list`, mend the cause or raise max_faults',
  })
}

function textOf(detail: Detail): string {
  return JSON.stringify(detail, (_key, value) => (typeof value === 'bigint' ? String(value) : value))
}
