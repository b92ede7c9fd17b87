/**
 * Everything `aitrader lint` can say about a topology or topology test, each code with its meaning.
 *
 * One problem is one finding: a rule stays silent where an earlier one already spoke of the same thing (an unknown
 * processor's ports are not looked at, a mistyped required field is not also missing).
 */
export const LINT_CODES = {
  YAML_SYNTAX: 'The text is not YAML.',
  ALIAS_UNSUPPORTED: 'An alias (`*name`): a value stands where it is used, so that a finding has one place.',
  DUPLICATE_KEY: 'A name is given twice in one mapping.',
  WRONG_TYPE: 'A value of the wrong type: text for a number, a list for a mapping.',
  INVALID_VALUE: 'A value of the right type that is outside what is allowed.',
  UNKNOWN_FIELD: 'A field that nothing reads.',
  DEPRECATED_FIELD: 'A field that still works and will go; the hint says what takes its place.',
  MISSING_FIELD: 'A required field is not there.',
  DESCRIPTION_MISSING: 'A topic or a stage says nothing of what it is for.',
  OVERLAY_INVALID: 'An overlay changes or removes what is not there, or gives a key no value.',
  VARIABLE_UNDECLARED: 'A `${NAME}` that `environment` does not declare.',
  VARIABLE_MISSING: 'A variable that has no default is not set.',
  VARIABLE_INVALID: 'The value or the default of a variable is not of its type.',
  VARIABLE_SECRET: 'A secret as a variable: it would stand in the stored topology. Secrets are files.',
  INCLUDE_INVALID: 'An included file cannot be read, or has a template of a name that there is already.',
  UNKNOWN_TEMPLATE: '`template` names no template.',
  NAME_TAKEN: 'A name is given to two things: a stage and a source, or what two templates make.',
  UNKNOWN_SINK: '`use` names no kind of sink.',
  GROUP_TAKEN: 'Two outside readers, or one and the topology itself, have the same consumer group.',
  UNKNOWN_PROCESSOR: '`use` names no processor.',
  UNKNOWN_TOPIC: 'A topic that `topics` does not declare.',
  UNKNOWN_RECORD: '`record` names no schema.',
  UNKNOWN_SOURCE: 'A source that the runtime does not have.',
  UNKNOWN_PORT: 'A port that the processor does not have.',
  MISSING_PORT: 'A port of the processor is connected to no topic.',
  UNKNOWN_PARAMETER: 'A parameter that the processor, sink or template does not have.',
  MISSING_PARAMETER: 'A required parameter of the processor, sink or template is not set.',
  PARAMETER_INVALID: 'A value that the processor, sink or template does not accept for a parameter.',
  EXPRESSION_INVALID: 'An expression of a built-in stage that does not parse, does not type, or misses a field.',
  NULL_UNGUARDED: 'A condition of a built-in stage reads a field that may be null and does not ask with `has` before.',
  RECORD_MISMATCH: 'A topic holds another record than the port, source or dead-letter edge connected to it speaks.',
  KEY_INVALID: '`key` is not a string field of the topic’s record.',
  KEY_MISMATCH:
    'Two keyed inputs of a stage have different keys, so what belongs together would meet in different tasks.',
  PARTITIONS_MISMATCH: 'Two keyed inputs of a stage have different partition counts.',
  STATE_SPLIT:
    'A keyed input is spread over its partitions by another field than the one that the state is kept by, so several tasks would each know a part.',
  TABLE_NOT_BROADCAST: 'A table port is not broadcast: every task needs the whole table.',
  UNDECLARED_CYCLE: 'Records can go round without a feedback edge, so no order of stages exists.',
  FEEDBACK_DELAY: 'The delay of a feedback edge is not above 0, so a record could be its own cause.',
  FEEDBACK_NOT_ON_CYCLE: 'A feedback edge that closes no cycle only delays its records.',
  TOPIC_UNWRITTEN: 'A stage reads a topic that no stage and no source writes.',
  TOPIC_UNUSED: 'A topic that nothing writes and nothing reads.',
  TOPIC_UNREAD: 'A topic is written and nobody reads it, though `external_readers` says who else reads.',
  STAGE_UNREACHABLE: 'No record from a source can reach a stage.',
  RETENTION_SHORT: 'A topic is kept for less time than a stage may re-run after a crash.',
  NOT_DETERMINISTIC:
    'The source of a processor reads a clock, randomness or the environment, or iterates in no promised order, and nothing records what it found.',
  FAULTS_UNROUTED: 'A processor that can refuse records has no `faults_to`.',
  PARKED_FOREVER: 'A stage parks records and has no `faults_to`, or no source `redelivery` brings them back.',
  EFFECT_MISSING: 'The processor is an effect and its stage declares no `effect`.',
  EFFECT_UNEXPECTED: 'A stage declares an `effect` and its processor is none.',
  INSTRUMENT_INVALID: 'An instrument that contradicts itself or another one.',
  INSTRUMENTS_UNWRITTEN: 'Instruments are declared and no source `topology` writes them.',
  TOPOLOGY_INVALID: 'A topology test names a topology that cannot be read or has findings of its own.',
  UNKNOWN_STAGE: 'A topology test names a stage that its topology does not have.',
  TOPIC_NOT_TESTED: 'A topology test gives or expects records on a topic that its stages do not read or write.',
  TIME_BACKWARDS: 'Records given on one topic go back in time.',
} as const

export type LintCode = keyof typeof LINT_CODES

export type Severity = 'error' | 'warning'

/** Findings that do not keep a topology from running. Everything else is an error. */
const WARNINGS: ReadonlySet<LintCode> = new Set<LintCode>([
  'DESCRIPTION_MISSING',
  'DEPRECATED_FIELD',
  'NULL_UNGUARDED',
  'TOPIC_UNREAD',
  'STAGE_UNREACHABLE',
])

export function severityOf(code: LintCode): Severity {
  return WARNINGS.has(code) ? 'warning' : 'error'
}

/** One problem. `line` and `column` count from 1. `hint` says what to do. */
export interface Finding {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly code: LintCode
  readonly message: string
  readonly hint: string
}
