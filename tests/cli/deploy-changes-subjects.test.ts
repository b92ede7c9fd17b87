import { describe, expect, test } from 'vitest'
import { changesOf, pending } from '../../cli/deploy/changes.ts'
import type { Actual, Desired } from '../../cli/deploy/model.ts'
import { BOOKS, changeOf, cryptoPlan, EMPTY, only, settled, wanted, withTopic } from './deploy-world.ts'

/** Which schemas are to be registered, and which would leave a reader behind. */

const desired = wanted(await cryptoPlan())
const actual = settled(desired)

describe('subjects', () => {
  const subject = `${BOOKS}-value`
  const schema = desired.subjects.find((one) => one.subject === subject)?.schema as string
  const with_subject = (change: Partial<Actual['subjects'][number]>): Actual => ({
    ...actual,
    subjects: actual.subjects.map((one) => (one.subject === subject ? { ...one, ...change } : one)),
  })
  const fields = (edit: (all: Record<string, unknown>[]) => Record<string, unknown>[]) => {
    const json = JSON.parse(schema) as { fields: Record<string, unknown>[] }
    return JSON.stringify({ ...json, fields: edit(json.fields) })
  }
  const older = (text: string) => with_subject({ versions: [{ version: 3, id: 77, schema: text }] })

  test('missing', () => {
    const subjects = actual.subjects.filter((one) => one.subject !== subject)
    const change = only(desired, { ...actual, subjects, applied: undefined })
    expect(change).toMatchObject({ action: 'create', detail: ['BookUpdate, FULL_TRANSITIVE'] })
    expect(change.steps).toEqual([
      { do: 'register', subject, schema, mode: 'FULL_TRANSITIVE' },
      { do: 'set-mode', subject, mode: 'FULL_TRANSITIVE' },
    ])
  })

  test('deleted since the last apply', () => {
    const subjects = actual.subjects.filter((one) => one.subject !== subject)
    const id = actual.applied?.subjects[subject]
    const change = only(desired, { ...actual, subjects })
    expect(change.detail).toEqual(['BookUpdate, FULL_TRANSITIVE', `schema ${id} was deleted since the last apply`])
    expect(change.action).toBe('create')
  })

  test('changed, compatibly: a field with a default', () => {
    const change = only(desired, older(fields((all) => [...all, { name: 'old', type: 'int', default: 0 }])))
    expect(change).toMatchObject({ action: 'update', detail: ['version 3 -> a new one: -old'], destructive: false })
    expect(change.steps).toEqual([{ do: 'register', subject, schema, mode: 'FULL_TRANSITIVE' }])
  })

  test('docs do not count', () => {
    const is = older(fields((all) => all.map((field) => ({ ...field, doc: 'other words' }))))
    expect(pending(changesOf(desired, is))).toEqual([])
  })

  test('incompatible: names the field and its readers, and what would have been wrong', () => {
    const is = older(fields((all) => all.map((one) => (one.name === 'sequence' ? { ...one, type: 'string' } : one))))
    const change = only(desired, is)
    const readers = 'nbbo, pattern-scorer, venue-simulator, audit-sink, analytics_consumers'
    expect(change.detail).toEqual([
      `sequence was string and is read as long (${readers} could not read what version 3 wrote)`,
      `sequence was long and is read as string (${readers}, still on version 3, could not read what is written now)`,
    ])
    expect(change).toMatchObject({ steps: [], blocked: { code: 'SCHEMA_INCOMPATIBLE' } })
  })

  test('checked against every version, not only the last', () => {
    const first = fields((all) => all.map((one) => (one.name === 'sequence' ? { ...one, type: 'string' } : one)))
    const last = fields((all) => [...all, { name: 'old', type: 'int', default: 0 }])
    const is = with_subject({
      versions: [
        { version: 1, id: 70, schema: first },
        { version: 2, id: 71, schema: last },
      ],
    })
    expect(only(desired, is).blocked?.code).toBe('SCHEMA_INCOMPATIBLE')
  })

  test('records that a stage reads must stay readable whatever the mode', () => {
    const none: Desired = {
      ...desired,
      subjects: desired.subjects.map((one) => (one.subject === subject ? { ...one, mode: 'NONE' } : one)),
    }
    const is = older(fields((all) => all.map((one) => (one.name === 'sequence' ? { ...one, type: 'string' } : one))))
    const subjects = is.subjects.map((one) => (one.subject === subject ? { ...one, mode: 'NONE' as const } : one))
    expect(only(none, { ...is, subjects }).blocked?.code).toBe('SCHEMA_INCOMPATIBLE')
    const empty = withTopic({ ...is, subjects }, BOOKS, EMPTY)
    expect(only(none, empty)).toMatchObject({ action: 'update', steps: [{ do: 'register' }] })
  })

  test('another mode', () => {
    const change = only(desired, with_subject({ mode: 'BACKWARD' }))
    expect(change).toMatchObject({ detail: ['compatibility: BACKWARD -> FULL_TRANSITIVE'] })
    expect(change.steps).toEqual([{ do: 'set-mode', subject, mode: 'FULL_TRANSITIVE' }])
  })

  test("the registry's default mode is not enough, even where it is the same", () => {
    const change = only(desired, with_subject({ own: false }))
    expect(change.detail).toEqual(["compatibility: FULL_TRANSITIVE (the registry's default) -> FULL_TRANSITIVE"])
  })

  test('a newer version than ours is registered', () => {
    const newer = fields((all) => [...all, { name: 'later', type: 'int', default: 0 }])
    const is = with_subject({
      versions: [
        { version: 1, id: 1, schema },
        { version: 2, id: 2, schema: newer },
      ],
    })
    const changes = changesOf(desired, is)
    expect(pending(changes)).toEqual([])
    expect(changeOf(changes, 'subject', subject).detail).toEqual(['version 1 of 2: newer ones are registered'])
  })
})
