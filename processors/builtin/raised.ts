import type { ASTNode } from '@marcbachmann/cel-js'
import type { AvroType } from '../../runtime/api/index.ts'
import { INT } from './functions.ts'
import { below, typeOf } from './typed.ts'
import { isNullable, present } from './views.ts'
import { isPath, type Names } from './walk.ts'

/**
 * Which faults an expression can end in: never fewer than it does, sometimes more. `record.symbol == "A"` can end in none.
 *
 * A field that may be null is no fault behind a `has` that asks for it. Whole numbers are followed by the size that they
 * can have at most, so that the difference of two prices is known to fit. What is not known here can end in all.
 */
export type ExpressionFault =
  | 'FIELD_ABSENT'
  | 'DIVISION_BY_ZERO'
  | 'INTEGER_OVERFLOW'
  | 'SCALE_INEXACT'
  | 'EXPRESSION_FAILED'

/** What is known of a part: the Avro type that a path leads to, and how far from 0 a whole number is at most. */
interface Known {
  readonly type?: AvroType | undefined
  readonly most?: bigint | undefined
}

const ALL = ['FIELD_ABSENT', 'DIVISION_BY_ZERO', 'INTEGER_OVERFLOW', 'SCALE_INEXACT', 'EXPRESSION_FAILED'] as const
const MOST_INT64 = 9_223_372_036_854_775_807n
const CERTAIN: ReadonlySet<string> = new Set(['int', 'double', 'string', 'bool'])
const OPERATORS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=', 'in', 'list'])
const TEXT: ReadonlySet<string> = new Set(['startsWith', 'endsWith', 'contains', 'size'])

/** Of an expression that types: its nodes know their types. */
export function raisedBy(root: ASTNode, names: Names): Raisable {
  const raised = new Raised()
  raised.visit(root, names, new Set())
  return raised
}

export interface Raisable {
  readonly codes: ReadonlySet<ExpressionFault>
  /** Paths to fields that may be null and were not asked for, each with where it is read first. */
  readonly unguarded: ReadonlyMap<string, number>
}

class Raised implements Raisable {
  readonly codes = new Set<ExpressionFault>()
  readonly unguarded = new Map<string, number>()

  #add(...codes: readonly ExpressionFault[]): void {
    for (const code of codes) this.codes.add(code)
  }

  /** `there` holds the paths that were asked for and found. */
  visit(node: ASTNode, names: Names, there: ReadonlySet<string>): Known {
    switch (node.op) {
      case 'value':
        return typeof node.args === 'bigint' ? { most: node.args } : {}
      case 'id':
        return this.#known(names.get(node.args as string))
      case '.':
        return this.#field(node, names, there)
      case '[]': {
        const [list, index] = node.args
        this.visit(index, names, there)
        const { type } = this.visit(list, names, there)
        this.#add('FIELD_ABSENT', 'EXPRESSION_FAILED')
        return type?.kind === 'array' || type?.kind === 'map' ? this.#known(present(type.items)) : {}
      }
      case '&&':
      case '||': {
        const [left, right] = node.args
        this.visit(left, names, there)
        this.visit(right, names, both(there, foundIf(left, node.op === '&&')))
        return {}
      }
      case '?:': {
        const [condition, yes, no] = node.args
        this.visit(condition, names, there)
        const known = [
          this.visit(yes, names, both(there, foundIf(condition, true))),
          this.visit(no, names, both(there, foundIf(condition, false))),
        ]
        return { most: larger(known) }
      }
      case '!_':
        this.visit(node.args as ASTNode, names, there)
        return {}
      case '-_':
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
        return this.#arithmetic(node, names, there)
      case 'call':
        return this.#function(node, names, there)
      case 'rcall':
        return this.#method(node, names, there)
      default: {
        if (!OPERATORS.has(node.op)) this.#add(...ALL)
        for (const one of below(node)) this.visit(one, names, there)
        return {}
      }
    }
  }

  #known(type: AvroType | undefined): Known {
    // Of one that CEL has no name for, any operator may have none.
    if (type?.kind === 'union' || type?.kind === 'null') this.#add('FIELD_ABSENT', 'EXPRESSION_FAILED')
    return {
      type,
      most: type?.kind === 'int' ? 2_147_483_648n : type?.kind === 'long' ? 9_007_199_254_740_992n : undefined,
    }
  }

  #field(node: ASTNode & { op: '.' }, names: Names, there: ReadonlySet<string>): Known {
    const [from, name] = node.args
    const { type } = this.visit(from, names, there)
    const field = type?.kind === 'record' ? type.fields.get(name) : undefined
    if (field === undefined) {
      this.#add('FIELD_ABSENT', 'EXPRESSION_FAILED')
      return {}
    }
    const path = pathOf(node)
    if (isNullable(field.type) && (path === undefined || !there.has(path))) {
      this.#add('FIELD_ABSENT')
      if (path !== undefined && !this.unguarded.has(path)) this.unguarded.set(path, node.range.start)
    }
    return this.#known(present(field.type))
  }

  #arithmetic(node: ASTNode, names: Names, there: ReadonlySet<string>): Known {
    const operands = below(node)
    const [left, right] = operands.map((one) => this.visit(one, names, there))
    const type = typeOf(node)
    if (type !== 'int') {
      if (!CERTAIN.has(type) && !type.startsWith('list<')) this.#add(...ALL)
      return {}
    }
    if (node.op === '/' || node.op === '%') {
      const by = operands[1]
      if (by?.op !== 'value' || by.args === 0n) this.#add('DIVISION_BY_ZERO')
      if (node.op === '%') return { most: left?.most }
    }
    const most = node.op === '-_' || node.op === '/' ? left?.most : together(node.op, left?.most, right?.most)
    // The least whole number is written as one that is negated.
    const written = node.op === '-_' && operands[0]?.op === 'value'
    if (!written && (most === undefined || most > MOST_INT64)) this.#add('INTEGER_OVERFLOW')
    return { most }
  }

  #function(node: ASTNode & { op: 'call' }, names: Names, there: ReadonlySet<string>): Known {
    const [name, args] = node.args
    const [first] = args
    // `has` asks for the last name only.
    const read = name === 'has' && first?.op === '.' ? [first.args[0]] : args
    const known = read.map((one) => this.visit(one, names, there))
    const type = first === undefined ? 'dyn' : typeOf(first)
    switch (name) {
      case 'has':
      case 'size':
        return {}
      case 'least':
      case 'greatest':
        return { most: larger(known) }
      case 'abs':
        if (type !== 'double' && (known[0]?.most ?? MOST_INT64 + 1n) > MOST_INT64) this.#add('INTEGER_OVERFLOW')
        return { most: known[0]?.most }
      case INT:
        if (type === 'int') return { most: known[0]?.most }
        this.#add(type === 'double' ? 'INTEGER_OVERFLOW' : 'EXPRESSION_FAILED')
        return {}
      case 'double':
      case 'bool':
      case 'string':
        if (name !== type && (!CERTAIN.has(type) || type === 'string')) this.#add('EXPRESSION_FAILED')
        return {}
      case 'px':
      case 'rescale':
        this.#add('SCALE_INEXACT', 'INTEGER_OVERFLOW')
        return {}
      default:
        this.#add(...ALL)
        return {}
    }
  }

  #method(node: ASTNode & { op: 'rcall' }, names: Names, there: ReadonlySet<string>): Known {
    const [name, receiver, args] = node.args
    const { type } = this.visit(receiver, names, there)
    if (TEXT.has(name)) {
      for (const one of args) this.visit(one, names, there)
      return {}
    }
    const [variable, ...bodies] = args
    if (variable?.op !== 'id') {
      this.#add(...ALL)
      return {}
    }
    const bound = variable.args as string
    const item: AvroType | undefined =
      type?.kind === 'array' ? present(type.items) : type?.kind === 'map' ? { kind: 'string' } : undefined
    if (type?.kind === 'array' && isNullable(type.items)) this.#add('FIELD_ABSENT', 'EXPRESSION_FAILED')
    const inner = new Map(names).set(bound, item)
    const outside = new Set([...there].filter((path) => !path.startsWith(`${bound}.`)))
    for (const body of bodies) this.visit(body, inner, outside)
    return name === 'filter' ? { type } : {}
  }
}

/** The paths that are there if the condition comes out as `outcome`. */
function foundIf(condition: ASTNode, outcome: boolean): ReadonlySet<string> {
  if (condition.op === '!_') return foundIf(condition.args as ASTNode, !outcome)
  if (condition.op === (outcome ? '&&' : '||')) {
    const [left, right] = condition.args as [ASTNode, ASTNode]
    return both(foundIf(left, outcome), foundIf(right, outcome))
  }
  if (!outcome || condition.op !== 'call' || condition.args[0] !== 'has') return new Set()
  const path = pathOf(condition.args[1][0])
  return new Set(path === undefined ? [] : [path])
}

function pathOf(node: ASTNode | undefined): string | undefined {
  if (node === undefined || !isPath(node)) return undefined
  return node.op === '.' ? `${pathOf(node.args[0])}.${node.args[1]}` : (node.args as string)
}

function both(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...a, ...b])
}

function larger(known: readonly Known[]): bigint | undefined {
  const sizes = known.map(({ most }) => most).filter((most) => most !== undefined)
  return sizes.length < known.length ? undefined : sizes.sort((a, b) => (a < b ? 1 : -1))[0]
}

function together(op: string, a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return undefined
  return op === '*' ? a * b : a + b
}
