/**
 * Avro's rules of schema resolution: whether bytes of one schema can be read as another, and if not, at which field.
 *
 * A registry only says yes or no, or says why in words of its own. Source: Avro specification 1.12, "Schema Resolution";
 * aliases are the reader's.
 */

/** Where the reader cannot take what the writer may have written. `path` names the field, `kind` or `depth.bids[].px`. */
export interface Mismatch {
  readonly path: string
  readonly reason: string
}

/** Every mismatch of reading bytes of `writer` as `reader` (schemas as JSON text); none if they can be read. */
export function mismatches(reader: string, writer: string): Mismatch[] {
  const found: Mismatch[] = []
  const walk = new Walk(found)
  walk.compare(walk.reader.read(JSON.parse(reader), ''), walk.writer.read(JSON.parse(writer), ''), '')
  return found
}

interface Field {
  readonly name: string
  readonly aliases: readonly string[]
  readonly type: Node
  readonly has_default: boolean
}

interface Node {
  readonly kind: string
  readonly name?: string
  readonly aliases?: readonly string[]
  /** Records; filled after the node is known by name, since it may hold itself. */
  fields?: readonly Field[]
  readonly symbols?: readonly string[]
  readonly has_default?: boolean
  readonly size?: number
  readonly items?: Node
  readonly branches?: readonly Node[]
}

type Json = Readonly<Record<string, unknown>>

/** The named types of one schema. */
class Names {
  private readonly known = new Map<string, Node>()

  read(schema: unknown, namespace: string): Node {
    if (typeof schema === 'string') return this.known.get(fullName(schema, namespace)) ?? { kind: schema }
    if (Array.isArray(schema)) return { kind: 'union', branches: schema.map((branch) => this.read(branch, namespace)) }
    const json = schema as Json
    switch (json.type) {
      case 'array':
        return { kind: 'array', items: this.read(json.items, namespace) }
      case 'map':
        return { kind: 'map', items: this.read(json.values, namespace) }
      case 'record':
      case 'error':
      case 'enum':
      case 'fixed':
        return this.named(json, namespace)
      default:
        return this.read(json.type, namespace)
    }
  }

  private named(json: Json, outer: string): Node {
    const name = fullName(json.name as string, (json.namespace as string | undefined) ?? outer)
    const namespace = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : ''
    const aliases = ((json.aliases ?? []) as string[]).map((alias) => fullName(alias, namespace))
    const kind = json.type === 'error' ? 'record' : (json.type as string)
    const node: Node = {
      kind,
      name,
      aliases,
      ...(kind === 'enum' ? { symbols: json.symbols as string[], has_default: 'default' in json } : {}),
      ...(kind === 'fixed' ? { size: json.size as number } : {}),
    }
    this.known.set(name, node)
    if (kind === 'record') {
      node.fields = (json.fields as Json[]).map((field) => ({
        name: field.name as string,
        aliases: (field.aliases ?? []) as string[],
        type: this.read(field.type, namespace),
        has_default: 'default' in field,
      }))
    }
    return node
  }
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

/** What a number or text of one type may be read as, beside itself. */
const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
}

class Walk {
  readonly reader = new Names()
  readonly writer = new Names()
  private readonly found: Mismatch[]
  /** Pairs under comparison: a record that holds itself is compared once. */
  private readonly open: Map<Node, Set<Node>>

  constructor(found: Mismatch[], open: ReadonlyMap<Node, ReadonlySet<Node>> = new Map()) {
    this.found = found
    this.open = new Map([...open].map(([node, others]) => [node, new Set(others)]))
  }

  compare(reader: Node, writer: Node, path: string): void {
    if (writer.kind === 'union') {
      for (const branch of writer.branches ?? []) this.compare(reader, branch, path)
      return
    }
    if (reader.kind === 'union') {
      this.compareBranches(reader, writer, path)
      return
    }
    if (reader.kind !== writer.kind) {
      if ((PROMOTIONS[writer.kind] ?? []).includes(reader.kind)) return
      this.report(path, `was ${said(writer)} and is read as ${said(reader)}`)
      return
    }
    if (reader.items !== undefined && writer.items !== undefined) {
      this.compare(reader.items, writer.items, `${path}${reader.kind === 'map' ? '{}' : '[]'}`)
    }
    if (reader.name !== undefined) this.compareNamed(reader, writer, path)
  }

  private compareBranches(reader: Node, writer: Node, path: string): void {
    const branches = reader.branches ?? []
    if (branches.some((branch) => this.reads(branch, writer))) return
    // The branch that was meant says at which field it fails.
    const meant = branches.find(({ kind, name }) => kind === writer.kind && plain(name) === plain(writer.name))
    if (meant !== undefined) this.compare(meant, writer, path)
    else this.report(path, `${said(writer)} is in no branch of ${said(reader)}`)
  }

  /** Whether a branch of a union takes the type. */
  private reads(reader: Node, writer: Node): boolean {
    const found: Mismatch[] = []
    new Walk(found, this.open).compare(reader, writer, '')
    return found.length === 0
  }

  private compareNamed(reader: Node, writer: Node, path: string): void {
    if (!sameName(reader, writer)) {
      this.report(path, `was the ${writer.kind} ${writer.name} and is read as ${reader.name}`)
      return
    }
    if (reader.size !== writer.size) this.report(path, `was ${writer.size} bytes and is read as ${reader.size}`)
    if (reader.kind === 'enum' && reader.has_default !== true) {
      const unknown = (writer.symbols ?? []).filter((symbol) => !(reader.symbols ?? []).includes(symbol))
      if (unknown.length > 0) this.report(path, `the reader does not know the symbol ${unknown.join(', ')}`)
    }
    if (reader.kind === 'record') this.compareFields(reader, writer, path)
  }

  private compareFields(reader: Node, writer: Node, path: string): void {
    const seen = this.open.get(reader) ?? new Set()
    if (seen.has(writer)) return
    this.open.set(reader, seen.add(writer))
    for (const field of reader.fields ?? []) {
      const at = path === '' ? field.name : `${path}.${field.name}`
      const written = (writer.fields ?? []).find(({ name }) => name === field.name || field.aliases.includes(name))
      if (written !== undefined) this.compare(field.type, written.type, at)
      else if (!field.has_default) this.report(at, 'was not written and has no default')
    }
  }

  private report(path: string, reason: string): void {
    this.found.push({ path: path === '' ? '(the record)' : path, reason })
  }
}

/** Names agree without their namespaces, as the specification has it, or by an alias of the reader's. */
function sameName(reader: Node, writer: Node): boolean {
  return plain(reader.name) === plain(writer.name) || (reader.aliases ?? []).includes(writer.name ?? '')
}

function plain(name = ''): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

function said(node: Node): string {
  if (node.kind === 'union') return `[${(node.branches ?? []).map(said).join(', ')}]`
  return node.name === undefined ? node.kind : `${node.kind} ${node.name}`
}
