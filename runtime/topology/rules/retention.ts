import { parseDuration } from '../duration.ts'
import type { MapTree } from '../yaml.ts'
import type { Scope } from './scope.ts'

/**
 * A topic is kept as long as its readers may need it.
 *
 * After a crash a stage re-runs what came since its last snapshot: up to `snapshot_every` commits, `commit_interval_ms`
 * apart at least (the longer one of here and on Kafka). A feedback edge reads its records a delay later still. Shorter
 * retention would have the runtime keep more than is declared, and other readers find less.
 */
export function checkRetention({ draft, report }: Scope): void {
  const interval_ms = Math.max(
    whole(draft.root, 'commit_interval_ms') ?? 5,
    whole(child(draft.root, 'kafka'), 'commit_interval_ms') ?? 100,
  )
  const kept = child(draft.root, 'topics')
  for (const topic of draft.topics.values()) {
    const value = child(kept, topic.name)?.entries.get('retention')?.value
    if (value?.kind !== 'scalar' || report.isRejected(value)) continue
    const retention_us = typeof value.value === 'string' ? parseDuration(value.value) : undefined
    if (retention_us === undefined) continue
    let most = { stage: '', needs_us: 0, why: '' }
    for (const stage of draft.stages) {
      for (const { topic: read, feedback } of stage.from ?? []) {
        if (read?.value !== topic.name) continue
        const every = whole(stage.tree, 'snapshot_every') ?? 1000
        const delay_us = Math.max(0, feedback?.min_delay_us ?? 0)
        const needs_us = every * interval_ms * 1000 + delay_us
        if (needs_us <= most.needs_us) continue
        const delay = delay_us === 0 ? '' : ` and a delay of ${delay_us} us`
        most = { stage: stage.name, needs_us, why: `${every} commits every ${interval_ms} ms${delay}` }
      }
    }
    if (most.needs_us <= retention_us) continue
    const message = `\`${topic.name}\` is kept ${value.value}, and \`${most.stage}\` may re-run ${durationText(most.needs_us)} of it after a crash (${most.why})`
    const hint = `keep it ${durationText(most.needs_us)} at least, or lower \`snapshot_every\` of \`${most.stage}\``
    report.add('RETENTION_SHORT', value.at, message, hint)
  }
}

function child(tree: MapTree | undefined, name: string): MapTree | undefined {
  const value = tree?.entries.get(name)?.value
  return value?.kind === 'map' ? value : undefined
}

function whole(tree: MapTree | undefined, name: string): number | undefined {
  const value = tree?.entries.get(name)?.value
  return value?.kind === 'scalar' && Number.isSafeInteger(value.value) ? (value.value as number) : undefined
}

const UNITS = [
  ['s', 1_000_000],
  ['ms', 1_000],
  ['us', 1],
] as const

/** In the largest unit up to seconds that is exact. */
function durationText(duration_us: number): string {
  const [unit, size] = UNITS.find(([, one]) => duration_us % one === 0) ?? ['us', 1]
  return `${duration_us / size}${unit}`
}
