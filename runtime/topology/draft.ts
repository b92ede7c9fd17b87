import type { ListTree, MapTree, Report, ScalarTree, Tree } from './yaml.ts'

/**
 * A topology as far as it could be read, each part with its place.
 *
 * What has a finding already is `undefined` here, so that rules stay silent about it.
 */
export interface Draft {
  readonly root: MapTree
  readonly sources: readonly DraftSource[]
  readonly instruments: ListTree | undefined
  readonly instruments_at: number
  readonly topics: ReadonlyMap<string, DraftTopic>
  readonly stages: readonly DraftStage[]
  readonly sinks: readonly DraftSink[]
  readonly external_readers: readonly DraftReader[]
  /** False if a part of the wiring could not be read: then nothing is said about what is missing from it. */
  readonly whole: boolean
}

export interface Word {
  readonly value: string
  readonly at: number
}

export interface DraftSource {
  readonly name: string
  readonly at: number
  readonly to: Word | undefined
}

/** Who takes records out of topics: a sink, or a reader outside. */
export interface DraftReader {
  readonly name: string
  readonly at: number
  readonly topics: readonly Word[]
  readonly group: Word | undefined
}

export interface DraftSink extends DraftReader {
  readonly use: Word | undefined
  readonly params: MapTree | undefined
  readonly params_at: number
}

export interface DraftTopic {
  readonly name: string
  readonly at: number
  readonly record: Word | undefined
  readonly key: Word | undefined
  readonly partitions: { readonly value: number; readonly at: number } | undefined
  readonly external: boolean
}

export interface DraftInput {
  readonly port: string
  readonly at: number
  readonly topic: Word | undefined
  readonly as: Word | undefined
  readonly feedback: { readonly min_delay_us: number | undefined; readonly at: number } | undefined
}

export interface DraftOutput {
  readonly port: string
  readonly at: number
  readonly topic: Word | undefined
}

export interface DraftStage {
  readonly name: string
  readonly at: number
  readonly tree: MapTree
  readonly use: Word | undefined
  readonly from: readonly DraftInput[] | undefined
  readonly from_at: number
  readonly to: readonly DraftOutput[] | undefined
  readonly to_at: number
  readonly faults_to: Word | undefined
  readonly later: Word | undefined
  readonly params: MapTree | undefined
  readonly params_at: number
  readonly effect: MapTree | undefined
  readonly effect_at: number | undefined
}

const EMPTY: MapTree = { kind: 'map', at: 0, entries: new Map() }

export function readDraft(root: MapTree, report: Report): Draft {
  return new Reader(report).read(root)
}

class Reader {
  readonly #report: Report
  #whole = true

  constructor(report: Report) {
    this.#report = report
  }

  read(root: MapTree): Draft {
    const sources = this.#each(root, 'sources', (name, at, tree) => ({ name, at, to: this.#word(tree, 'to') }))
    const topics = this.#each(root, 'topics', (name, at, tree) => this.#topic(name, at, tree))
    const stages = this.#each(root, 'stages', (name, at, tree) => this.#stage(name, at, tree))
    const instruments = this.#value(root, 'instruments')
    return {
      root,
      sources,
      instruments: instruments?.kind === 'list' ? instruments : undefined,
      instruments_at: root.entries.get('instruments')?.at ?? 0,
      topics: new Map(topics.map((topic) => [topic.name, topic])),
      stages,
      sinks: this.#readers(root, 'sinks', (reader, tree) => this.#sink(reader, tree)),
      external_readers: this.#readers(root, 'external_readers', (reader) => reader),
      whole: this.#whole,
    }
  }

  #readers<T>(root: MapTree, field: string, read: (reader: DraftReader, tree: MapTree) => T): T[] {
    if (!this.#report.mentions(root, field)) return []
    return this.#each(root, field, (name, at, tree) => {
      const topics = this.#value(tree, 'topics')
      const words = topics?.kind === 'list' ? topics.items.map((item) => this.#text(item)) : [undefined]
      if (words.includes(undefined)) this.#whole = false
      const known = words.filter((word) => word !== undefined)
      return read({ name, at, topics: known, group: this.#word(tree, 'group') }, tree)
    })
  }

  #sink(reader: DraftReader, tree: MapTree): DraftSink {
    const params = this.#value(tree, 'params')
    return {
      ...reader,
      use: this.#word(tree, 'use'),
      params: params?.kind === 'map' ? params : undefined,
      params_at: tree.entries.get('params')?.at ?? reader.at,
    }
  }

  #topic(name: string, at: number, tree: MapTree): DraftTopic {
    const partitions = this.#value(tree, 'partitions')
    const external = this.#value(tree, 'external')
    const count = partitions?.kind === 'scalar' && typeof partitions.value === 'number' ? partitions.value : undefined
    return {
      name,
      at,
      record: this.#word(tree, 'record'),
      key: this.#word(tree, 'key'),
      partitions: count === undefined ? undefined : { value: count, at: (partitions as ScalarTree).at },
      external: external?.kind === 'scalar' && external.value === true,
    }
  }

  #stage(name: string, at: number, tree: MapTree): DraftStage {
    if (!tree.entries.has('faults_to') && this.#report.mentions(tree, 'faults_to')) this.#whole = false
    const params = this.#value(tree, 'params')
    const effect = this.#value(tree, 'effect')
    const dead_letters = this.#value(tree, 'dead_letters')
    return {
      name,
      at,
      tree,
      use: this.#word(tree, 'use'),
      from: this.#ports(tree, 'from', (port, port_at, value) => this.#input(port, port_at, value)),
      from_at: tree.entries.get('from')?.at ?? at,
      to: this.#ports(tree, 'to', (port, port_at, value) => ({ port, at: port_at, topic: this.#text(value) })),
      to_at: tree.entries.get('to')?.at ?? at,
      faults_to: this.#word(tree, 'faults_to'),
      later: dead_letters?.kind === 'map' ? this.#word(dead_letters, 'later') : undefined,
      params: params?.kind === 'map' ? params : undefined,
      params_at: tree.entries.get('params')?.at ?? at,
      effect: effect?.kind === 'map' ? effect : undefined,
      effect_at: tree.entries.get('effect')?.at,
    }
  }

  #input(port: string, at: number, tree: Tree): DraftInput {
    if (tree.kind !== 'map') return { port, at, topic: this.#text(tree), as: undefined, feedback: undefined }
    const feedback = this.#value(tree, 'feedback')
    const delay = feedback?.kind === 'map' ? this.#value(feedback, 'min_delay_us') : undefined
    const min_delay_us = delay?.kind === 'scalar' && typeof delay.value === 'number' ? delay.value : undefined
    // A feedback that cannot be read still breaks its cycle: that it is one has been said.
    const feedback_at = tree.entries.get('feedback')?.at
    return {
      port,
      at,
      topic: this.#word(tree, 'topic'),
      as: this.#word(tree, 'as'),
      feedback: feedback_at === undefined ? undefined : { min_delay_us, at: delay?.at ?? feedback_at },
    }
  }

  /** Ports that are not given at all are none; ports that cannot be read are unknown. */
  #ports<T>(tree: MapTree, field: string, read: (port: string, at: number, value: Tree) => T): T[] | undefined {
    if (!this.#report.mentions(tree, field)) return []
    const map = this.#value(tree, field)
    if (map?.kind !== 'map') {
      this.#whole = false
      return undefined
    }
    return [...map.entries].map(([port, entry]) => read(port, entry.at, entry.value))
  }

  #each<T>(root: MapTree, field: string, read: (name: string, at: number, tree: MapTree) => T): T[] {
    const map = this.#value(root, field)
    const found: T[] = []
    if (map?.kind !== 'map') {
      this.#whole = false
      return found
    }
    for (const [name, entry] of map.entries) {
      // A name whose value cannot be read is still a name: who refers to it is right.
      const readable = entry.value.kind === 'map'
      if (!readable) this.#whole = false
      found.push(read(name, entry.at, readable ? (entry.value as MapTree) : EMPTY))
    }
    return found
  }

  #word(tree: MapTree, field: string): Word | undefined {
    const value = this.#value(tree, field)
    return value === undefined ? undefined : this.#text(value)
  }

  #text(tree: Tree): Word | undefined {
    if (this.#report.isRejected(tree) || tree.kind !== 'scalar' || typeof tree.value !== 'string') return undefined
    return { value: tree.value, at: tree.at }
  }

  #value(tree: MapTree, field: string): Tree | undefined {
    const value = tree.entries.get(field)?.value
    return value === undefined || this.#report.isRejected(value) ? undefined : value
  }
}
