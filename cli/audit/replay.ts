import { AppError, type Reader } from '../../runtime/api/index.ts'
import type { Hashes } from '../../runtime/engine/journal.ts'
import type { CodedReader } from '../../runtime/engine/options.ts'
import { frontierOf, type ReplayResult, replay } from '../../runtime/engine/replay.ts'
import { plan } from '../../runtime/plan/plan.ts'
import { schemaId } from '../../schemas/framing.ts'
import { compose } from '../compose.ts'
import type { RunFile } from '../run-file.ts'
import { shippedWorld } from '../world.ts'
import { chainCheck, readTrail, trailOf } from './trail.ts'
import { recordsAt } from './written.ts'

export interface Replayed extends ReplayResult {
  /** What of this build is not what it was for the build that wrote the directory last: `code`, `config`, `schemas`, `models`. */
  readonly changed: readonly string[]
}

/**
 * Runs the decision path of a directory again and compares every output byte by byte.
 *
 * The trail names the builds that wrote it; these names are taken from there, so that another build's replay differs
 * only where it decides otherwise. What differs between that build and this is in `changed`.
 *
 * What is compared are the bytes that were recorded. Where a build with other schemas wrote them, what this one makes is
 * encoded as that one would have: a field that the schema had is compared bit for bit, and so is every seal over it; one
 * that it did not have was never recorded, so that there is nothing to compare it with.
 */
export async function replayDirectory(
  reader: CodedReader,
  run: RunFile,
  progress?: (at_us: number, end_us: number) => void,
): Promise<Replayed> {
  const { hashes, manifest } = await compose(run.topology, run.source, run.seed)
  // Before the trail is read: what another build adds behind it is not replayed.
  const to_us = await frontierOf(reader)
  const manifests = await manifestsOf(reader, run)
  const last = manifests.at(-1)?.manifest ?? manifest
  const planned = plan(run.topology, await shippedWorld(), { manifests })
  // Without a build of other schemas in the trail there is nothing to look for.
  const ours = manifests.every(({ manifest: text }) => !changes(text, hashes).includes('schemas'))
  const recordAt =
    ours || reader.codecs === undefined ? undefined : await recordsAt(reader, planned.topics, reader.codecs)
  const result = await replay({
    plan: planned,
    reader,
    to_us,
    schemaId: (fingerprint) => schemaId({ fingerprint }),
    ...(recordAt === undefined ? {} : { recordAt }),
    ...(progress === undefined ? {} : { progress }),
  })
  return { ...result, changed: changes(last, hashes) }
}

/** What each build that wrote the trail was made of, with the stream time of its first event. */
async function manifestsOf(reader: Reader, run: RunFile): Promise<{ from_us: number; manifest: string }[]> {
  const manifests: { from_us: number; manifest: string }[] = []
  const place = trailOf(run.topology)
  for await (const { event } of readTrail(reader, place, chainCheck(reader, place))) {
    if (event?.kind !== 'RUN') continue
    const manifest = Buffer.from(event.body).toString('utf8')
    if (manifests.some((known) => known.manifest === manifest)) continue
    manifests.push({ from_us: event.first_time_us, manifest })
  }
  return manifests
}

function changes(manifest: string, hashes: Hashes): string[] {
  let was: Partial<Hashes>
  try {
    was = JSON.parse(manifest) as Partial<Hashes>
  } catch (cause) {
    throw new AppError('TRAIL_DAMAGED', 'the manifest in the audit trail cannot be read', { exit_code: 3, cause })
  }
  return (['code', 'config', 'schemas', 'models'] as const).filter((what) => was[what] !== hashes[what])
}
