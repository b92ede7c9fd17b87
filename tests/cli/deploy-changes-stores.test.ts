import { describe, expect, test } from 'vitest'
import { changesOf } from '../../cli/deploy/changes.ts'
import type { Actual, ActualStore } from '../../cli/deploy/model.ts'
import { BOOKS, changeOf, cryptoPlan, HASHES, only, settled, wanted, withStore, withTopic } from './deploy-world.ts'

/** What becomes of each stage's state: kept, taken over, computed again or lost. */

const plan = await cryptoPlan()
const desired = wanted(plan)
const actual = settled(desired)

describe('state', () => {
  const OTHER = { ...HASHES, code: 'c2' }
  const of = (is: Actual, stage = 'nbbo', want = desired) => changeOf(changesOf(want, is), 'store', stage)

  test('kept: the same build', () => {
    expect(of(actual)).toEqual({
      kind: 'store',
      resource: 'nbbo',
      action: 'none',
      detail: [],
      destructive: false,
      impact: 'kept',
      steps: [],
    })
    expect(of(withStore(actual, 'nbbo', { tail: 12 })).impact).toBe('kept')
  })

  test('new: nothing of the stage is there', () => {
    const stores = actual.stores.filter(({ stage }) => stage !== 'nbbo')
    expect(of({ ...actual, stores })).toMatchObject({
      action: 'none',
      impact: 'new',
      detail: ['it begins with the 1000 records that its inputs hold'],
    })
  })

  test('migrated: another build takes over the last snapshot', () => {
    expect(of(withStore(actual, 'nbbo', { hashes: [OTHER] }))).toMatchObject({
      action: 'none',
      impact: 'migrated',
      detail: ['code changed; the last snapshot is taken over'],
    })
  })

  test('rebuilt: another build, and a tail behind the snapshot', () => {
    const hashes = [OTHER, { ...HASHES, config: 'f2' }]
    const change = of(withStore(actual, 'nbbo', { hashes, tail: 3 }))
    expect(change).toMatchObject({ action: 'replace', impact: 'rebuilt', destructive: false })
    expect(change.detail).toEqual([
      'code, config changed behind the last snapshot (3 entries of its journal)',
      '1000 records of reference.instruments.v1, market.events.v1, market.books.v1, redeliveries.v1 are read again, about a second',
    ])
    expect(change.steps).toEqual([{ do: 'rebuild-store', stage: 'nbbo' }])
  })

  test('rebuilt: a snapshot that this build cannot read', () => {
    const change = of(withStore(actual, 'nbbo', { unreadable: 'its snapshot has no field `quotes`' }))
    expect(change).toMatchObject({ impact: 'rebuilt', steps: [{ do: 'rebuild-store' }] })
    expect(change.detail[0]).toBe('its snapshot has no field `quotes`')
  })

  test('rebuilt: other inputs, though the snapshot could be read', () => {
    const channels = desired.stores.find(({ stage }) => stage === 'nbbo')?.channels ?? []
    const change = of(withStore(actual, 'nbbo', { channels: [...channels.slice(1), 'old.v1 (2 partitions, keyed)'] }))
    expect(change.detail[0]).toBe(`its inputs changed: +${channels[0]}, -old.v1 (2 partitions, keyed)`)
    expect(change.impact).toBe('rebuilt')
    const order = of(withStore(actual, 'nbbo', { channels: [...channels].reverse() }))
    expect(order.detail[0]).toBe('its inputs changed: another order')
  })

  test('in the way: it reads what a stage writes that the last run did not have', () => {
    const producers = desired.producers.filter((name) => !name.startsWith('pattern-scorer/'))
    const change = of({ ...actual, producers }, 'strategy')
    expect(change.blocked).toMatchObject({
      code: 'STAGE_TOO_LATE',
      reason:
        'strategy reads what the new pattern-scorer will write from the beginning, and has passed those stream times',
    })
  })

  test('the time is estimated', () => {
    const end_offsets = [9_000_000, 0, 0, 0]
    const is = withTopic(withStore(actual, 'nbbo', { hashes: [OTHER], tail: 1 }), BOOKS, { end_offsets })
    expect(of(is).detail[1]).toContain('9000600 records')
    expect(of(is).detail[1]).toContain('about 4 min')
  })

  test('lost: retention has dropped what it was made of', () => {
    const start_offsets = [0, 40, 0, 0]
    const is = withTopic(withStore(actual, 'nbbo', { hashes: [OTHER], tail: 3 }), BOOKS, { start_offsets })
    const change = of(is)
    expect(change).toMatchObject({ action: 'delete', impact: 'lost', destructive: true, steps: [] })
    expect(change.blocked).toMatchObject({ code: 'STATE_LOST' })
    expect(change.blocked?.hint).toContain('--allow-loss nbbo')
    expect(of(is, 'nbbo', wanted(plan, { allow_loss: ['nbbo'] }))).toMatchObject({
      impact: 'lost',
      steps: [{ do: 'drop-store', stage: 'nbbo' }],
    })
  })

  test('lost: answers of the outside cannot be asked for again', () => {
    const is = withStore(actual, 'inference-enricher', { hashes: [OTHER], tail: 3 })
    expect(of(is, 'inference-enricher').detail).toEqual([
      'code changed behind the last snapshot (3 entries of its journal); what answered it cannot be asked again',
    ])
  })

  test('lost: the stage is no longer in the topology', () => {
    const gone: ActualStore = { stage: 'old-stage', hashes: [HASHES], tail: 0, unreadable: undefined, channels: [] }
    const change = only(desired, { ...actual, stores: [...actual.stores, gone] })
    expect(change).toMatchObject({ resource: 'old-stage', impact: 'lost', blocked: { code: 'STATE_LOST' } })
  })
})
