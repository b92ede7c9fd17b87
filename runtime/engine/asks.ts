import type { Answer, CommandRunner, QueryRunner } from '../api/effect.ts'
import { AppError, assert, RetriableError } from '../api/fault.ts'
import type { Json } from '../api/record.ts'
import type { EffectDeclaration } from '../topology/types.ts'

/** One request on its way. */
export interface OpenAsk {
  readonly key: string
  readonly request: Json
  /** Stream time of the answer, microseconds. */
  readonly due_us: number
  /** Id of the record that asked. */
  readonly id: string
  /** As in `Envelope`: measured, never recorded. */
  readonly arrived_ms: number
  answer: Answer | undefined
  working: Promise<void> | undefined
  /** Of a command: restored from a snapshot, so it may have been carried out already. */
  resumed: boolean
}

/** Waits, in real time, before something is tried again; `attempt` counts from 1. */
export type BackOff = (attempt: number) => Promise<void>

export type Outside = { readonly backOff?: BackOff | undefined } & (
  | { readonly kind: 'query'; readonly runner: QueryRunner }
  | { readonly kind: 'command'; readonly runner: CommandRunner }
)

/**
 * The open requests of one effect task.
 *
 * A request is answered at `due_us`, a declared latency of stream time after it was made, whatever the outside really
 * took: the run waits where the outside is slower. Requests are in order of due time, since one task has one latency.
 *
 * A query's micro-batch is cut by stream time: all requests made before the first of them falls due, at most
 * `batch_max`. Queries may be repeated, so after a crash the open ones are simply asked again. A command acts only
 * once its intent is durable; after a crash it is resolved by asking what became of it, never by acting again.
 */
export class Asks {
  readonly open: OpenAsk[] = []
  private readonly outside: Outside
  private readonly declared: EffectDeclaration
  /** Failures in a row, and stream time until which the breaker is open, microseconds. Part of the snapshot. */
  failures = 0
  open_until_us = 0

  constructor(outside: Outside, declared: EffectDeclaration) {
    this.outside = outside
    this.declared = declared
  }

  add(key: string, request: Json, asked_us: number, id: string, arrived_ms: number): void {
    const due_us = asked_us + this.declared.latency_us
    this.open.push({ key, request, due_us, id, arrived_ms, answer: undefined, working: undefined, resumed: false })
  }

  /** A request that was open at the snapshot. */
  restore(key: string, request: Json, due_us: number, id: string): void {
    this.open.push({
      key,
      request,
      due_us,
      id,
      arrived_ms: Number.NaN,
      answer: undefined,
      working: undefined,
      resumed: true,
    })
  }

  /** Stream time of the first answer, or infinity. */
  get due_us(): number {
    return this.open[0]?.due_us ?? Number.POSITIVE_INFINITY
  }

  /** Whether a command falls due by `at_us` that has not begun: its intent must be durable first. */
  needsCommit(at_us: number): boolean {
    return (
      this.outside.kind === 'command' && this.open.some((open) => open.due_us <= at_us && open.working === undefined)
    )
  }

  /** Lets the commands due by `at_us` act; their intents are durable. */
  begin(at_us: number): void {
    if (this.outside.kind !== 'command') return
    for (const open of this.open) {
      if (open.due_us <= at_us && open.working === undefined) open.working = this.command(this.outside.runner, open)
    }
  }

  /** The first request's answer, or what to wait for. */
  settle(now_us: number): OpenAsk | Promise<void> {
    const first = this.open[0]
    assert(first !== undefined, 'an answer is due but nothing was asked')
    if (first.answer !== undefined) {
      this.count(first.answer, now_us)
      return this.open.shift() as OpenAsk
    }
    if (first.working === undefined) {
      assert(this.outside.kind === 'query', 'a command would act before its intent is durable')
      if (now_us < this.open_until_us) {
        first.answer = { ok: false, code: 'BREAKER_OPEN' }
        return this.open.shift() as OpenAsk
      }
      this.query(this.outside.runner)
      if (first.answer !== undefined) return this.settle(now_us)
    }
    assert(first.working !== undefined, 'a request was neither answered nor begun')
    return first.working
  }

  private count(answer: Answer, now_us: number): void {
    if (answer.ok) this.failures = 0
    else if (answer.code !== 'BREAKER_OPEN' && ++this.failures >= this.declared.breaker_failures) {
      this.failures = 0
      this.open_until_us = now_us + this.declared.breaker_open_us
    }
  }

  /** Asks for the first request and all that were made before it falls due. */
  private query(runner: QueryRunner): void {
    const batch = this.open.slice(0, this.declared.batch_max).filter((open) => open.answer === undefined)
    const requests = batch.map((open) => open.request)
    // A runner that answers at once costs no turn of the event loop.
    let result: readonly Json[] | Promise<readonly Json[]>
    try {
      result = runner.run(requests)
    } catch (error) {
      result = Promise.reject(error)
    }
    if (!(result instanceof Promise)) return give(batch, result)
    const working = this.retry(() => runner.run(requests), result).then(
      (answers) => give(batch, answers),
      (error: unknown) => {
        for (const open of batch) open.answer = { ok: false, code: codeOf(error) }
      },
    )
    for (const open of batch) open.working = working
  }

  /** The first answer of `ask` that is no retriable failure; `first` is an attempt under way. */
  private async retry<T>(ask: () => T | Promise<T>, first?: Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await (tries === 0 && first !== undefined ? first : ask())
      } catch (error) {
        if (!(error instanceof RetriableError) || tries >= this.declared.retries) throw error
        await this.outside.backOff?.(tries + 1)
      }
    }
  }

  /**
   * Carries a command out at most once. After a crash, and whenever the outside left open whether it acted, it asks;
   * only the outside's proof that the intent never arrived lets it be sent (again).
   */
  private async command(runner: CommandRunner, open: OpenAsk): Promise<void> {
    let doubtful = open.resumed
    for (let sent = 0; ; sent++) {
      if (doubtful) {
        const found = await this.retry(() => runner.resolve(open.id)).catch(() => ({ kind: 'unknown' }) as const)
        if (found.kind === 'unknown') open.answer = { ok: false, code: 'UNKNOWN' }
        else if (found.kind === 'done') open.answer = { ok: true, value: found.value }
        else if (sent > this.declared.retries) open.answer = { ok: false, code: 'NOT_SENT' }
        if (open.answer !== undefined) return
      }
      try {
        open.answer = { ok: true, value: await runner.act(open.id, open.request) }
        return
      } catch (error) {
        if (!(error instanceof RetriableError)) {
          open.answer = { ok: false, code: codeOf(error) }
          return
        }
        doubtful = true
      }
    }
  }
}

/** Throws an AppError `EFFECT_ANSWERS` (exit 4): which answer belongs to which request cannot be guessed. */
function give(batch: readonly OpenAsk[], answers: readonly Json[]): void {
  if (answers.length !== batch.length) {
    throw new AppError('EFFECT_ANSWERS', `an effect answered ${answers.length} of ${batch.length} requests`, {
      exit_code: 4,
    })
  }
  for (const [index, open] of batch.entries()) open.answer = { ok: true, value: answers[index] as Json }
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : 'EFFECT_FAILED'
}
