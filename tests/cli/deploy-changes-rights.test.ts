import { describe, expect, test } from 'vitest'
import { changesOf, pending } from '../../cli/deploy/changes.ts'
import type { Acl } from '../../cli/deploy/model.ts'
import { BOOKS, changeOf, cryptoPlan, only, PRINCIPAL, settled, wanted } from './deploy-world.ts'

/** Which rights are missing, covered by others, or more than needed. */

const desired = wanted(await cryptoPlan())
const actual = settled(desired)

describe('rights', () => {
  const read: Acl = {
    resource: 'topic',
    pattern: 'literal',
    name: BOOKS,
    principal: PRINCIPAL,
    host: '*',
    operation: 'Read',
    permission: 'allow',
  }
  const without = (acl: Acl) => (actual.acls ?? []).filter((one) => one.name !== acl.name || one.operation !== 'Read')

  test('missing', () => {
    const change = only(desired, { ...actual, acls: without(read) })
    expect(change).toEqual({
      kind: 'acl',
      resource: `allow ${PRINCIPAL} Read on topic ${BOOKS}`,
      action: 'create',
      detail: [],
      destructive: false,
      steps: [{ do: 'create-acl', acl: read }],
    })
  })

  test.each([
    ['all operations', { ...read, operation: 'All' }],
    ['everybody', { ...read, principal: 'User:*' }],
    ['a prefix', { ...read, pattern: 'prefixed' as const, name: 'market.' }],
    ['every topic', { ...read, name: '*' }],
  ])('covered by a rule for %s', (_, acl) => {
    expect(pending(changesOf(desired, { ...actual, acls: [...without(read), acl] }))).toEqual([])
  })

  test.each([
    ['another principal', { ...read, principal: 'User:other' }],
    ['one host', { ...read, host: '10.0.0.1' }],
    ['another topic', { ...read, name: 'market.books.v2' }],
  ])('not covered by a rule for %s', (_, acl) => {
    const change = changesOf(desired, { ...actual, acls: [...without(read), acl] })
    expect(pending(change).map(({ action }) => action)).toEqual(['create'])
  })

  test('more than needed', () => {
    const extra: Acl = { ...read, operation: 'Alter' }
    const change = only(desired, { ...actual, acls: [...(actual.acls ?? []), extra] })
    expect(change).toMatchObject({ action: 'delete', destructive: true, steps: [{ do: 'delete-acl', acl: extra }] })
  })

  test('rights of others, and of ours elsewhere, are left alone', () => {
    const others: Acl[] = [
      { ...read, principal: 'User:dashboard' },
      { ...read, name: 'billing.v1', operation: 'Alter' },
    ]
    expect(pending(changesOf(desired, { ...actual, acls: [...(actual.acls ?? []), ...others] }))).toEqual([])
  })

  test('denied: in the way', () => {
    const denial: Acl = { ...read, permission: 'deny', principal: 'User:*', operation: 'All' }
    const changes = changesOf(desired, { ...actual, acls: [...(actual.acls ?? []), denial] })
    const denied = changes.filter((change) => change.blocked?.code === 'ACL_DENIED')
    expect(denied.map(({ resource }) => resource)).toEqual(
      ['Read', 'Write', 'Delete', 'DescribeConfigs'].map((name) => `allow ${PRINCIPAL} ${name} on topic ${BOOKS}`),
    )
  })

  test('a cluster without an authorizer is not checked', () => {
    const changes = changesOf(desired, { ...actual, acls: undefined })
    expect(pending(changes)).toEqual([])
    expect(changeOf(changes, 'acl', PRINCIPAL).detail).toEqual([
      'not checked: the cluster has no authorizer, or does not tell this user',
    ])
  })
})
