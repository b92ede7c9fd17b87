import { type ASTNode, Environment, EvaluationError, ParseError } from '@marcbachmann/cel-js'
import { type AvroType, avroOf, fault, type RecordType, type StageProblem, type Step } from '../../runtime/api/index.ts'
import { FUNCTIONS, HIDDEN, INT, InexactValue, int64 } from './functions.ts'
import { raisedBy } from './raised.ts'
import { below, remarksOf, sourceOf } from './typed.ts'
import { celRecords, celType, isNullable, present, UnfitValue, type View, viewOf } from './views.ts'
import { isPath, Walk } from './walk.ts'

/**
 * The CEL expressions of one stage: parsed and typed once, evaluated per record.
 *
 * Whole numbers are exact: int64 within an expression (past it: a fault), and what is written fits 2^53 or is a fault.
 * Ints and doubles never mix: `int / int` cuts towards zero, and `double(x)` says where exactness ends. Nothing throws
 * out of a stage: what cannot be evaluated is a coded fault of the record in hand.
 */

/** Every stage with expressions can refuse a record for these. */
export const EXPRESSION_FAULTS = {
  FIELD_ABSENT: 'An expression reads a field that is null, a key or an index that is not there. `has(...)` asks first.',
  DIVISION_BY_ZERO: 'An expression divides a whole number by 0.',
  INTEGER_OVERFLOW: 'A whole number inside an expression leaves 64 bits.',
  VALUE_OUT_OF_RANGE:
    'What an expression answers does not fit the field: a whole number past 2^53, a word that is no symbol.',
  SCALE_INEXACT: 'A number is finer than the scale that it is wanted in.',
  EXPRESSION_FAILED: 'An expression has no answer for this record, such as `int("x")`.',
} as const

const FAULT_OF: Readonly<Record<string, keyof typeof EXPRESSION_FAULTS>> = {
  no_such_key: 'FIELD_ABSENT',
  index_out_of_bounds: 'FIELD_ABSENT',
  division_by_zero: 'DIVISION_BY_ZERO',
  modulo_by_zero: 'DIVISION_BY_ZERO',
  numeric_overflow: 'INTEGER_OVERFLOW',
}

/** The fault that an evaluation ended in; anything else is a defect and goes on. */
export function faultOf(error: unknown): Step<never, never> {
  if (error instanceof InexactValue || error instanceof UnfitValue) {
    const where = error instanceof InexactValue ? { expression: clipped(error.expression) } : { field: error.field }
    return fault(error.code, { ...where, message: clipped(error.message) })
  }
  if (!(error instanceof EvaluationError)) throw error
  const code = FAULT_OF[error.code] ?? 'EXPRESSION_FAILED'
  return fault(code, { expression: clipped(error.node?.input ?? ''), message: clipped(inOurWords(error.summary)) })
}

/** The library speaks of keys, also where a field is null. */
function inOurWords(message: string): string {
  const [, what] = /^No such key: (.*)$/s.exec(message) ?? []
  if (what === undefined) return message
  return what.startsWith('index ') ? what : `\`${what}\` is null or not there: \`has(...)\` asks`
}

/** Dead letters hold what it takes to find the place. */
function clipped(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`
}

export interface Expression {
  readonly type: string
  /** Only the name of a field: its null can be handed on. */
  readonly path: boolean
  /** The Avro type that a path leads to. */
  readonly from: AvroType | undefined
  /** `[]`, which has no type of its own. */
  readonly empty_list: boolean
  /** Its value for what the frame holds. Throws what `faultOf` takes. */
  run(): unknown
  /** The same, and undefined for an absent field. */
  runOrAbsent(): unknown
  readonly used: ReadonlySet<string>
}

/** A part of an expression, and where it begins. */
export interface Part {
  readonly text: string
  readonly offset: number
}

/** The type of a name: a record, or one of CEL's own. */
export type NameType = RecordType<never> | RecordType<unknown> | AvroType

function isAvro(type: NameType): type is AvroType {
  return 'kind' in type
}

const HINTS: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [/\bnull\b/, 'a null is an absent field: ask with `has(...)`'],
  [/^has\(\) invalid argument/, '`has` asks for a field: `has(record.bid_px)`'],
  [/int .* double|double .* int/, 'ints and doubles do not mix: write 1.0 for 1, or say `double(x)` or `int(x)`'],
]

/** Deep and long enough for people, and small enough that a record costs microseconds. */
const LIMITS = { maxAstNodes: 2_000, maxDepth: 64, maxListElements: 1_000, maxMapEntries: 100, maxCallArguments: 8 }

/** Words that CEL keeps for itself. */
const RESERVED: ReadonlySet<string> = new Set(
  `as bool break bytes const continue double dyn else false for function if import in int let list loop map namespace
  null null_type optional_type package return string true type uint var void while`.split(/\s+/),
)

/** Why `name` cannot stand beside the names that an expression has anyway; undefined if it can. */
export function unfitName(name: string, taken: readonly string[]): string | undefined {
  if (RESERVED.has(name)) return `\`${name}\` is a word of CEL`
  return [...taken, 'key', 'stream_time_us'].includes(name) ? `\`${name}\` stands for something else here` : undefined
}

export class Expressions {
  readonly problems: StageProblem[] = []
  /** Fields that may be null and that conditions read without asking. */
  readonly unguarded: StageProblem[] = []
  /** The faults that the expressions can end in; `VALUE_OUT_OF_RANGE` is noted by who writes what they answer. */
  readonly raised = new Set<keyof typeof EXPRESSION_FAULTS>()
  readonly #environment: Environment
  readonly #names = new Map<string, AvroType>()
  readonly #frame: Record<string, unknown> = {}
  readonly #views = new Map<string, View>()

  constructor(names: Readonly<Record<string, NameType>>) {
    this.#environment = new Environment({ unlistedVariablesAreDyn: false, limits: LIMITS })
    const known = new Set<string>()
    for (const [name, given] of Object.entries(names)) {
      const type = isAvro(given) ? given : avroOf(given)
      for (const record of celRecords(type).values()) {
        if (known.has(record.name)) continue
        known.add(record.name)
        this.#environment.registerType(record.name, { ctor: record.view, fields: { ...record.fields } })
      }
      this.#environment.registerVariable(name, celType(type))
      this.#names.set(name, type)
      if (type.kind !== 'record') continue
      const view = new (viewOf(type))()
      this.#views.set(name, view)
      this.#frame[name] = view
    }
    for (const { signature, run } of [...FUNCTIONS, ...HIDDEN])
      this.#environment.registerFunction(signature, run as never)
  }

  /** Puts what a name stands for; a whole number as bigint. Records are held, not copied. */
  set(name: string, value: unknown): void {
    const view = this.#views.get(name)
    if (view === undefined) this.#frame[name] = value
    else if (value === undefined) this.#frame[name] = undefined
    else {
      view.hold(value)
      this.#frame[name] = view
    }
  }

  /**
   * Compiles `text`, which stands at `pointer` in the parameters; undefined with a problem noted. `wanted` is the type
   * it must have, `field` the Avro type of the field that it is written to. `base` is where it begins in the text of the parameter.
   */
  compile(text: string, pointer: string, wanted?: string, field?: AvroType, base = 0): Expression | undefined {
    const parsed = this.#parse(text, pointer, base)
    if (parsed === undefined) return undefined
    const { ast } = parsed
    const walk = new Walk()
    const from = walk.visit(ast, this.#names)
    walk.answers(ast, field === undefined ? undefined : present(field), from)
    for (const { offset, message, hint } of walk.remarks) this.note(pointer, message, hint, base + offset)
    if (walk.remarks.length > 0) return undefined
    exactInts(ast)
    const { valid, type, error } = parsed.check()
    if (!valid || type === undefined) {
      const message = (error?.summary ?? 'does not type').replaceAll(`${INT}(`, 'int(')
      const hint = HINTS.find(([pattern]) => pattern.test(message))?.[1] ?? 'see docs/builtin-stages.md'
      this.note(pointer, message, hint, base + (error?.range?.start ?? 0))
      return undefined
    }
    exactOperators(ast)
    const remarks = remarksOf(ast, (constant) => this.#failure(constant))
    for (const { offset, message, hint } of remarks) this.note(pointer, message, hint, base + offset)
    if (remarks.length > 0) return undefined
    if (wanted !== undefined && type !== wanted) {
      this.note(pointer, `this is ${type}, and ${wanted} is wanted`, hintFrom(type, wanted), base)
      return undefined
    }
    const frame = this.#frame
    const run = () => {
      try {
        return parsed(frame)
      } catch (error) {
        if (error instanceof InexactValue) error.expression = text
        throw error
      }
    }
    const runOrAbsent = () => {
      try {
        return run()
      } catch (error) {
        if (error instanceof EvaluationError && error.code === 'no_such_key') return undefined
        throw error
      }
    }
    const { codes, unguarded } = raisedBy(ast, this.#names)
    // Where it is a condition that is asked, another one before it can always be written.
    for (const [path, offset] of wanted === 'bool' ? unguarded : []) {
      const message = `\`${path}\` may be null, and the record is then refused as FIELD_ABSENT`
      const hint = `ask before: \`has(${path}) && ...\``
      this.unguarded.push({ of: 'params', pointer, offset: base + offset, message, hint })
    }
    for (const code of codes) {
      // A field that is only handed on keeps its null.
      const handed_on = code === 'FIELD_ABSENT' && field !== undefined && isNullable(field) && isPath(ast)
      if (!handed_on) this.raised.add(code)
    }
    const empty_list = ast.op === 'list' && ast.args.length === 0
    return { type, path: isPath(ast), from, empty_list, used: walk.used, run, runOrAbsent }
  }

  /** The three parts of `a ? b : c`; undefined for all other text, and for text that does not parse. */
  choice(text: string): readonly Part[] | undefined {
    const parsed = this.#parse(text)
    return parsed?.ast.op === '?:' ? parsed.ast.args.map(sourceOf) : undefined
  }

  note(pointer: string, message: string, hint: string, offset = 0): void {
    this.problems.push({ of: 'params', pointer, offset, message, hint })
  }

  /** Undefined if it does not parse, which is noted where a pointer is given. */
  #parse(text: string, pointer?: string, base = 0) {
    try {
      return this.#environment.parse(text)
    } catch (error) {
      if (!(error instanceof ParseError)) throw error
      if (pointer === undefined) return undefined
      const foreign = foreignWord(text)
      const message = foreign?.message ?? error.summary.charAt(0).toLowerCase() + error.summary.slice(1)
      const hint =
        foreign?.hint ?? HINTS.find(([pattern]) => pattern.test(message))?.[1] ?? 'see docs/builtin-stages.md'
      this.note(pointer, message, hint, base + (foreign?.offset ?? error.range?.start ?? 0))
      return undefined
    }
  }

  /** Why a text that names nothing has no value. */
  #failure(text: string): string | undefined {
    try {
      const parsed = this.#environment.parse(text)
      exactInts(parsed.ast)
      parsed.check()
      exactOperators(parsed.ast)
      parsed({})
      return undefined
    } catch (error) {
      if (error instanceof EvaluationError) return clipped(error.summary)
      return error instanceof InexactValue ? clipped(error.message) : undefined
    }
  }
}

/** Before types are checked, calls of `int` become calls of one that is exact. */
function exactInts(node: ASTNode): void {
  if (node.op === 'call' && node.args[0] === 'int') (node.args as unknown[])[0] = INT
  for (const one of below(node)) exactInts(one)
}

/** Once types are checked: the least whole number negated or divided by -1 is past 64 bits, which CEL lets pass. */
function exactOperators(node: ASTNode): void {
  const checked = node as { handle?: (...operands: unknown[]) => unknown }
  const { handle } = checked
  if ((node.op === '-_' || node.op === '/') && handle !== undefined) {
    checked.handle = (...operands) => {
      const value = handle(...operands)
      return typeof value === 'bigint' ? int64(value) : value
    }
  }
  for (const one of below(node)) exactOperators(one)
}

/** Operators of other languages, outside of text in quotes. */
const FOREIGN: readonly (readonly [pattern: RegExp, word: string, ours: string])[] = [
  [/\band\b/, 'and', '&&'],
  [/\bor\b/, 'or', '||'],
  [/\bnot\b/, 'not', '!'],
  [/(?<![=!<>])=(?!=)/, '=', '=='],
]

function foreignWord(text: string): { offset: number; message: string; hint: string } | undefined {
  const bare = text.replace(/"[^"]*"|'[^']*'/g, (quoted) => ' '.repeat(quoted.length))
  const found = FOREIGN.flatMap(([pattern, word, ours]) => {
    const offset = bare.search(pattern)
    return offset < 0 ? [] : [{ offset, message: `CEL has no \`${word}\``, hint: `write \`${ours}\`` }]
  })
  return found.sort((a, b) => a.offset - b.offset)[0]
}

function hintFrom(type: string, wanted: string): string {
  if (wanted === 'bool') return 'write a comparison'
  if (type === 'int' && wanted === 'double') return 'say `double(x)`'
  if (type === 'double' && wanted === 'int') return 'say `int(x)`, which cuts towards zero'
  if (wanted === 'string') return 'say `string(x)`'
  return 'see docs/builtin-stages.md'
}
