import { AppError, Arena, DataFault } from '../runtime/api/index.ts'
import { hintFor } from '../runtime/topology/nearest.ts'
import type { Topology } from '../runtime/topology/types.ts'
import { Control } from '../schemas/generated/index.ts'

/**
 * What an operator may order: a Control record whose scope means something, from a pseudonymous actor.
 *
 * Everything is checked before a record reaches a run, because a record that a run cannot encode would end it, and a
 * kill for a misspelt symbol would stop nothing while the operator believes that it does.
 */

const KINDS = ['account', 'strategy', 'symbol'] as const
const ACTOR = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/
const REASON_CHARS = 500
/** A scope is the key of a table's row, and the store's keys have an end. */
const SCOPE_CHARS = 256

/** Scopes that a topology knows, and the symbols that were found in its data. */
export function knownScopes(topology: Topology, symbols: Iterable<string>): string[] {
  const scopes = new Set(['firm'])
  for (const { use, params } of Object.values(topology.stages)) {
    if (use !== 'strategy' && use !== 'execution') continue
    scopes.add(`account:${textOf(params.account) ?? 'demo'}`)
    if (use === 'strategy') scopes.add(`strategy:${textOf(params.strategy) ?? 'strategy'}`)
  }
  for (const { symbol } of topology.instruments) scopes.add(`symbol:${symbol}`)
  for (const symbol of symbols) scopes.add(`symbol:${symbol}`)
  return [...scopes]
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** An AppError `SCOPE_INVALID` (not a scope) or `SCOPE_UNKNOWN` (a scope that nothing here belongs to), exit 2. */
export function checkScope(scope: string, known: readonly string[]): void {
  checkScopeForm(scope)
  if (known.includes(scope)) return
  throw wrong('SCOPE_UNKNOWN', `nothing here belongs to the scope ${scope}`, hintFor(scope, known, 'scopes'))
}

/** An AppError `SCOPE_INVALID` (exit 2) for what is no scope, whatever the topology knows, or an endless one. */
function checkScopeForm(scope: string): void {
  const [kind, ...id] = scope.split(':')
  const named = KINDS.some((one) => one === kind) && id.join(':') !== ''
  if ((scope === 'firm' || named) && scope.length <= SCOPE_CHARS && !/\p{Cc}/u.test(scope)) return
  throw wrong(
    'SCOPE_INVALID',
    `${JSON.stringify(scope.slice(0, SCOPE_CHARS))} is not a scope`,
    'write firm, account:ID, strategy:NAME or symbol:SYMBOL',
  )
}

/** An AppError `ACTOR_INVALID` or `REASON_INVALID`, exit 2: names and addresses of people do not go on record. */
export function checkActor(actor: string, reason: string): void {
  if (!ACTOR.test(actor)) {
    throw wrong(
      'ACTOR_INVALID',
      `${JSON.stringify(actor)} is not a pseudonymous id`,
      'write lower-case letters, digits, dots, hyphens: operator, desk-7',
    )
  }
  if (reason.length > REASON_CHARS) {
    throw wrong('REASON_INVALID', `the reason has ${reason.length} characters`, `write ${REASON_CHARS} at most`)
  }
}

/**
 * The record that `line` holds, as the running process takes it from outside. An AppError `CONTROL_INVALID` for what is
 * no Control record, else as the checks above; whether something belongs to the scope is not asked here.
 */
export function parseControl(line: string): Control {
  try {
    const value = JSON.parse(line) as Control
    const arena = new Arena(1024)
    Control.encode(value, arena)
    checkScopeForm(value.scope)
    checkActor(value.actor, value.reason)
    // Decoded again, so that nothing but the record's own fields goes in.
    return Control.decode(arena.buf, 0, arena.pos)
  } catch (error) {
    if (error instanceof AppError) throw error
    const detail = error instanceof DataFault ? ` (${error.code})` : ''
    throw wrong(
      'CONTROL_INVALID',
      `this is no Control record${detail}: ${(error as Error).message}`,
      'send a record as in schemas/control.avsc',
    )
  }
}

function wrong(code: string, message: string, hint: string): AppError {
  return new AppError(code, message, { exit_code: 2, hint })
}
