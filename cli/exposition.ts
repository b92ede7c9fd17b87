import { METRICS, type MetricName, type MetricSpec } from './metric-list.ts'

/** Prometheus' text format, version 0.0.4, made of plain samples that may come from other threads. */

export interface Sample {
  readonly name: MetricName
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | Distribution
}

/** Counts of observations per bucket, which are not cumulative; the last one is for what is beyond all bounds. */
export interface Distribution {
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
  readonly sum: number
}

/** The samples as text, family by family in the order of the list. Samples with equal name and labels are added up. */
export function expose(samples: readonly Sample[]): string {
  const by_name = new Map<string, Map<string, Sample>>()
  for (const sample of samples) {
    const family = by_name.get(sample.name) ?? new Map<string, Sample>()
    by_name.set(sample.name, family)
    const key = JSON.stringify(sample.labels)
    const same = family.get(key)
    family.set(key, same === undefined ? sample : { ...sample, value: added(same.value, sample.value) })
  }
  let text = ''
  for (const [name, { type, help }] of Object.entries<MetricSpec>(METRICS)) {
    const family = by_name.get(name)
    if (family === undefined) continue
    text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
    for (const { labels, value } of family.values()) {
      text += typeof value === 'number' ? line(name, labels, value) : distribution(name, labels, value)
    }
  }
  return text
}

function added(a: Sample['value'], b: Sample['value']): Sample['value'] {
  if (typeof a === 'number' || typeof b === 'number') return (a as number) + (b as number)
  return { bounds: a.bounds, counts: a.counts.map((count, i) => count + (b.counts[i] ?? 0)), sum: a.sum + b.sum }
}

function distribution(name: string, labels: Sample['labels'], { bounds, counts, sum }: Distribution): string {
  let count = 0
  let text = ''
  for (const [i, of_bucket] of counts.entries()) {
    count += of_bucket
    const bound = bounds[i]
    text += line(`${name}_bucket`, { ...labels, le: bound === undefined ? '+Inf' : String(bound) }, count)
  }
  return text + line(`${name}_sum`, labels, sum) + line(`${name}_count`, labels, count)
}

function line(name: string, labels: Sample['labels'], value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

/** Counts what is observed, by bucket. */
export class Buckets {
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    const bounds = this.#bounds
    let i = 0
    while (i < bounds.length && value > (bounds[i] as number)) i++
    this.#counts[i] = (this.#counts[i] as number) + 1
    this.#sum += value
  }

  get distribution(): Distribution {
    return { bounds: this.#bounds, counts: [...this.#counts], sum: this.#sum }
  }
}
