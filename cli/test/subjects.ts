import { RegistryHttp, type RegistryOptions } from '../../connectors/registry/http.ts'
import { openRegistry, type Registry, subjectOf } from '../../connectors/registry/index.ts'
import type { RecordType } from '../../runtime/api/index.ts'
import type { Case } from './files.ts'

/** Schemas of tests in a real registry: a subject per record type that a test may write, for as long as the tests last. */
export interface TestSubjects {
  readonly registry: Registry
  /** The registry's id by fingerprint. */
  schemaId(fingerprint: string): number
  /** Removes the subjects and lets the registry go. */
  remove(): Promise<void>
}

/** Names begin with `run`. Rejects as `openRegistry` and `Registry.register` do; what was registered is removed. */
export async function registerSubjects(
  url: string,
  options: RegistryOptions,
  run: string,
  cases: readonly Case[],
): Promise<TestSubjects> {
  const registry = await openRegistry(url, options)
  const subjects: string[] = []
  const ids = new Map<string, number>()
  const remove = async () => {
    const http = new RegistryHttp(url, options)
    try {
      await Promise.all(subjects.map((subject) => removeSubject(http, subject)))
    } finally {
      http.close()
      registry.close()
    }
  }
  try {
    await Promise.all(
      [...recordsOf(cases)].map(async ([name, { schema, fingerprint }]) => {
        const subject = subjectOf(`${run}.${name}`)
        subjects.push(subject)
        ids.set(fingerprint, await registry.register(subject, schema, 'NONE'))
      }),
    )
  } catch (error) {
    await remove()
    throw error
  }
  return { registry, schemaId: (fingerprint) => ids.get(fingerprint) as number, remove }
}

/** Every record type that the tests' topics hold, and the runtime's own two. */
function recordsOf(cases: readonly Case[]): Map<string, RecordType<unknown>> {
  const found = new Map<string, RecordType<unknown>>()
  for (const { options } of cases) {
    const { records } = options.world
    const held = Object.values(options.topology.topics).map(({ record }) => record)
    for (const name of [...held, 'JournalEntry', 'FrontierMark']) found.set(name, records[name] as RecordType<unknown>)
  }
  return found
}

/** Softly first: only then may it go for good. One that is gone already is none to remove. */
async function removeSubject(http: RegistryHttp, subject: string): Promise<void> {
  const path = `/subjects/${encodeURIComponent(subject)}`
  await http.call('DELETE', path)
  await http.call('DELETE', `${path}?permanent=true`)
}
