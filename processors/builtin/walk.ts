import type { ASTNode } from '@marcbachmann/cel-js'
import { type AvroType, hintFor } from '../../runtime/api/index.ts'
import { ALLOWED } from './functions.ts'
import { present } from './views.ts'

/**
 * What CEL's own checker does not say: a misspelt field inside `has`, a word that is no symbol of an enum, a function
 * that is not for processors; and the nearest name for what is misspelt.
 */

export interface Remark {
  readonly offset: number
  readonly message: string
  readonly hint: string
}

/** The types of names as far as schemas tell; undefined where they do not. */
export type Names = ReadonlyMap<string, AvroType | undefined>

const MACROS: ReadonlySet<string> = new Set(['exists', 'exists_one', 'all', 'filter', 'map'])
const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', 'in'])

/** A thousand levels once over are milliseconds, three times over the rest of the day. */
const MOST_LOOPS = 2

export class Walk {
  readonly remarks: Remark[] = []
  /** Names of variables that the expression reads. */
  readonly used = new Set<string>()
  /** The macros around the node, the outermost first. */
  readonly #loops: string[] = []

  /** Looks at `node` and all below it; answers its Avro type where a path of fields leads to one. */
  visit(node: ASTNode, names: Names): AvroType | undefined {
    switch (node.op) {
      case 'value':
        this.#literal(node)
        return undefined
      case 'id':
        return this.#name(node.args as string, node, names)
      case '.':
        return this.#field(node, names)
      case '[]': {
        const [list, index] = node.args
        this.visit(index, names)
        const type = this.visit(list, names)
        return type?.kind === 'array' || type?.kind === 'map' ? present(type.items) : undefined
      }
      case 'call':
        this.#function(node.args[0], node.range.start)
        for (const argument of node.args[1]) this.visit(argument, names)
        return undefined
      case 'rcall':
        return this.#method(node, names)
      default:
        return this.#operator(node, names)
    }
  }

  #name(name: string, node: ASTNode, names: Names): AvroType | undefined {
    this.used.add(name)
    if (names.has(name)) return names.get(name)
    const owners = [...names].filter(([, type]) => type?.kind === 'record' && type.fields.has(name))
    const hint = owners.map(([owner]) => `\`${owner}.${name}\``).join(' or ')
    this.#add(
      node.range.start,
      `there is no \`${name}\` here`,
      hint === '' ? hintFor(name, names.keys(), 'names') : `write ${hint}`,
    )
    return undefined
  }

  /** 2^63 itself is there for its negative. */
  #literal(node: ASTNode): void {
    if (typeof node.args !== 'bigint') return
    const most = node.input.slice(0, node.range.start).trimEnd().endsWith('-')
      ? 9_223_372_036_854_775_808n
      : 9_223_372_036_854_775_807n
    if (node.args > most) this.#add(node.range.start, `${node.args} leaves 64 bits`, 'write a smaller number')
  }

  #field(node: ASTNode & { op: '.' }, names: Names): AvroType | undefined {
    const [from, field] = node.args
    const type = this.visit(from, names)
    if (type?.kind !== 'record') return undefined
    const found = type.fields.get(field)
    if (found !== undefined) return present(found.type)
    const at = node.range.end - field.length
    this.#add(at, `${type.name} has no field \`${field}\``, hintFor(field, type.fields.keys(), 'fields'))
    return undefined
  }

  #function(name: string, at: number): void {
    if (ALLOWED.includes(name)) return
    this.#add(at, `\`${name}\` is no function of expressions`, hintFor(name, ALLOWED, 'functions'))
  }

  #method(node: ASTNode & { op: 'rcall' }, names: Names): AvroType | undefined {
    const [name, receiver, args] = node.args
    const type = this.visit(receiver, names)
    this.#function(name, node.input.indexOf(name, receiver.range?.end ?? receiver.end))
    if (!MACROS.has(name)) {
      for (const argument of args) this.visit(argument, names)
      return undefined
    }
    this.#loops.push(name)
    if (this.#loops.length > MOST_LOOPS) {
      const loops = this.#loops.toReversed().map((one) => `\`${one}\``)
      const message = `${loops.join(' within ')}: the time of one record could have no end`
      this.#add(node.input.indexOf(name, receiver.range?.end ?? receiver.end), message, 'two deep is the most')
    }
    const [variable, ...bodies] = args
    const item = type?.kind === 'array' ? present(type.items) : undefined
    const inner = new Map(names)
    const bound = variable?.op === 'id' ? (variable.args as string) : undefined
    if (bound !== undefined) inner.set(bound, item)
    for (const body of bodies) this.visit(body, inner)
    this.#loops.pop()
    if (bound !== undefined && !names.has(bound)) this.used.delete(bound)
    return name === 'filter' ? type : undefined
  }

  #operator(node: ASTNode, names: Names): AvroType | undefined {
    const operands = operandsOf(node)
    const types = operands.map((operand) => this.visit(operand, names))
    if (!COMPARISONS.has(node.op)) return undefined
    const of = types.find((type) => type?.kind === 'enum')
    if (of?.kind !== 'enum') return undefined
    for (const word of operands.flatMap((operand) =>
      operand.op === 'list' ? (operand.args as ASTNode[]) : [operand],
    )) {
      if (word.op !== 'value' || typeof word.args !== 'string' || of.symbols.includes(word.args)) continue
      this.#add(word.range.start, `\`${word.args}\` is no ${of.name}`, hintFor(word.args, of.symbols, of.name))
    }
    return undefined
  }

  /**
   * What an expression can answer is a symbol of the enum that it is for, as far as it is written out or `from`, the
   * type that it leads to, says so.
   */
  answers(node: ASTNode, type: AvroType | undefined, from?: AvroType): void {
    if (type?.kind !== 'enum') return
    if (node.op === '?:') for (const branch of node.args.slice(1)) this.answers(branch as ASTNode, type)
    if (from?.kind === 'enum' && !from.symbols.some((symbol) => type.symbols.includes(symbol))) {
      const message = `no ${from.name} is a ${type.name}`
      this.#add(node.range.start, message, hintFor('', type.symbols, type.name))
    }
    if (node.op !== 'value' || typeof node.args !== 'string' || type.symbols.includes(node.args)) return
    this.#add(node.range.start, `\`${node.args}\` is no ${type.name}`, hintFor(node.args, type.symbols, type.name))
  }

  #add(offset: number, message: string, hint: string): void {
    this.remarks.push({ offset, message, hint })
  }
}

function operandsOf(node: ASTNode): ASTNode[] {
  const args: readonly unknown[] = Array.isArray(node.args) ? node.args.flat() : [node.args]
  return args.filter((one): one is ASTNode => typeof one === 'object' && one !== null && 'op' in one)
}

/** Whether the expression only names a field, so that its null can be handed on. */
export function isPath(node: ASTNode): boolean {
  return node.op === '.' ? isPath(node.args[0]) : node.op === 'id'
}
