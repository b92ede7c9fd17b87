import type { ASTNode } from '@marcbachmann/cel-js'
import type { Remark } from './walk.ts'

/**
 * What CEL allows once types are known, and what would answer wrongly all the same: a whole number in a scale compared
 * with a decimal as people write it, records compared as a whole, and constants that can never be computed.
 */

/** CEL's types whose values are equal if they read the same. */
const COMPARABLE: ReadonlySet<string> = new Set(['int', 'uint', 'double', 'string', 'bool', 'bytes', 'null', 'dyn'])
const ORDERS: ReadonlySet<string> = new Set(['<', '<=', '>', '>='])
const EQUALITIES: ReadonlySet<string> = new Set(['==', '!=', 'in'])

/** Nodes below `node`, in the order in which they stand. */
export function below(node: ASTNode): ASTNode[] {
  const args: readonly unknown[] = Array.isArray(node.args) ? node.args.flat(2) : [node.args]
  return args.filter((one): one is ASTNode => typeof one === 'object' && one !== null && 'op' in one)
}

/** The text of a node, an expression of its own, and where it begins. */
export function sourceOf(node: ASTNode): { readonly text: string; readonly offset: number } {
  const { start, end } = node.range
  const text = node.input.slice(start, end)
  // A node ends where its parts end, without the parentheses around them.
  let [open, missing] = [0, 0]
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[()]/g)) {
    if (token === '(') open++
    else if (token === ')' && open > 0) open--
    else if (token === ')') missing++
  }
  return { text: '('.repeat(missing) + text + ')'.repeat(open), offset: start - missing }
}

/** The type that CEL's checker found, which it keeps at the node. */
export function typeOf(node: ASTNode): string {
  return (node as { readonly checkedType?: { readonly name?: string } }).checkedType?.name ?? 'dyn'
}

/** `failure` answers why a text without names has no value, or undefined. */
export function remarksOf(root: ASTNode, failure: (text: string) => string | undefined): Remark[] {
  const remarks: Remark[] = []
  /** Nodes that read nothing, so that they are the same for every record. */
  const constant = new Set<ASTNode>()
  const visit = (node: ASTNode): void => {
    const nodes = below(node)
    for (const one of nodes) visit(one)
    if (node.op !== 'id' && nodes.every((one) => constant.has(one))) constant.add(node)
    compared(node, remarks)
  }
  visit(root)
  if (remarks.length === 0) uncomputable(root, constant, failure, remarks)
  return remarks
}

/** The largest constants are tried, and of one that fails its parts, so that the finding stands at the smallest. */
function uncomputable(
  node: ASTNode,
  constant: ReadonlySet<ASTNode>,
  failure: (text: string) => string | undefined,
  remarks: Remark[],
): void {
  const tried = constant.has(node)
  if (node.op === 'value') return
  const message = tried ? failure(sourceOf(node).text) : undefined
  if (tried && message === undefined) return
  const before = remarks.length
  for (const one of below(node)) uncomputable(one, constant, failure, remarks)
  if (message === undefined || remarks.length > before) return
  const hint = 'it fails for every record: correct it'
  remarks.push({ offset: node.range.start, message: `this can never be computed: ${message}`, hint })
}

function compared(node: ASTNode, remarks: Remark[]): void {
  if (!ORDERS.has(node.op) && !EQUALITIES.has(node.op)) return
  const [left, right] = below(node)
  if (left === undefined || right === undefined) return
  const offset = left.range.end + (node.input.slice(left.range.end).match(/^[\s)]*/)?.[0].length ?? 0)
  if (ORDERS.has(node.op)) return ordered(node.op, left, right, offset, remarks)
  const inner = typeOf(right)
    .replace(/^(?:list<|map<string, )+/, '')
    .replace(/>+$/, '')
  if (COMPARABLE.has(inner) || inner === 'list' || inner === 'map') return
  const message = `lists of records cannot be compared`
  remarks.push({ offset, message, hint: 'compare their fields, with `exists` or `all`' })
}

/** A literal int beside a double is as exact as a double is; an int that was computed is in a scale. */
function ordered(op: string, left: ASTNode, right: ASTNode, offset: number, remarks: Remark[]): void {
  const [a, b] = [typeOf(left), typeOf(right)]
  const mixed = (a === 'int' && b === 'double') || (a === 'double' && b === 'int')
  const [whole, double] = a === 'int' ? [left, right] : [right, left]
  if (!mixed || whole.op === 'value') return
  const literal = double.op === 'value' ? double.input.slice(double.range.start, double.range.end) : undefined
  if (literal === undefined) {
    const message = `${a} ${op} ${b} compares two kinds of numbers`
    remarks.push({ offset, message, hint: 'say `double(x)` or `int(x)` on one side' })
    return
  }
  const message = `${a} ${op} ${b}: a whole number in a scale is compared with ${literal} as it stands`
  const hint = `write \`px("${literal}", scale)\` for a price or quantity, else \`double(x)\``
  remarks.push({ offset, message, hint })
}
