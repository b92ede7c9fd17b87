import { expect, test } from 'vitest'
import { loadTopology } from '../../cli/compose.ts'
import { checkActor, checkScope, knownScopes, parseControl } from '../../cli/control-record.ts'

const topology = await loadTopology('topology/crypto.yaml')
const known = knownScopes(topology, ['DOGEUSDT'])

test('scopes are the firm, and the accounts, strategies and symbols of the topology and its data', () => {
  expect(known).toEqual([
    'firm',
    'account:demo',
    'strategy:strategy',
    'symbol:BTCUSDT',
    'symbol:ETHUSDT',
    'symbol:SOLUSDT',
    'symbol:DOGEUSDT',
  ])
  for (const scope of known) expect(() => checkScope(scope, known)).not.toThrow()
})

test.each([
  ['everything', 'SCOPE_INVALID', 'write firm, account:ID, strategy:NAME or symbol:SYMBOL'],
  ['symbol:', 'SCOPE_INVALID', 'write firm, account:ID, strategy:NAME or symbol:SYMBOL'],
  ['', 'SCOPE_INVALID', 'write firm, account:ID, strategy:NAME or symbol:SYMBOL'],
  ['symbol:BTCUSD', 'SCOPE_UNKNOWN', 'did you mean `symbol:BTCUSDT`?'],
  ['account:live', 'SCOPE_UNKNOWN', 'did you mean `account:demo`?'],
  ['symbol:XRPBTC-PERP', 'SCOPE_UNKNOWN', `scopes: ${known.map((scope) => `\`${scope}\``).join(', ')}`],
])('the scope %j is refused', (scope, code, hint) => {
  expect(() => checkScope(scope, known)).toThrow(expect.objectContaining({ code, hint, exit_code: 2 }))
})

test.each(['operator', 'desk-7', 'a', '0x1f.b'])('%j is an actor', (actor) => {
  expect(() => checkActor(actor, '')).not.toThrow()
})

test.each(['', 'Jo', 'jo doe', 'jo@example.com', '-x', 'x-', 'x'.repeat(65)])('%j is no actor', (actor) => {
  expect(() => checkActor(actor, '')).toThrow(expect.objectContaining({ code: 'ACTOR_INVALID', exit_code: 2 }))
})

test('a reason has an end', () => {
  expect(() => checkActor('operator', 'x'.repeat(500))).not.toThrow()
  expect(() => checkActor('operator', 'x'.repeat(501))).toThrow(expect.objectContaining({ code: 'REASON_INVALID' }))
})

const halt = { scope: 'firm', trading_state: 'HALTED', cancel_open: true, actor: 'operator', reason: '' }

test.each(['firm', 'symbol:NOT_LISTED_YET', `symbol:${'X'.repeat(249)}`])(
  'a running process takes the scope %j',
  (scope) => {
    expect(parseControl(JSON.stringify({ ...halt, scope }))).toEqual({ ...halt, scope })
  },
)

// Every scope is a row of a table and its name a key of the store: an endless one would end the run at its next commit.
test.each([
  '',
  'everything',
  'symbol:',
  '__proto__',
  `symbol:${'X'.repeat(250)}`,
  'symbol:A\u0000B',
  'symbol:\u001b[2J',
])('a running process refuses the scope %j', (scope) => {
  expect(() => parseControl(JSON.stringify({ ...halt, scope }))).toThrow(
    expect.objectContaining({ code: 'SCOPE_INVALID', exit_code: 2 }),
  )
})
