/** Lanes are shared evenly, move as little as that allows, and the same way on every member. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignLanes, type GroupMember, owners } from '../../../connectors/kafka/lane-assignment.ts'

const LANES = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

function member(member_id: string, can: readonly string[], owned: readonly string[] = [], generation = 1): GroupMember {
  return { member_id, can, owned, generation }
}

function plain(assigned: ReadonlyMap<string, readonly string[]>): Record<string, string> {
  return Object.fromEntries([...assigned].map(([member_id, lanes]) => [member_id, lanes.join('')]))
}

describe('assigning lanes', () => {
  it.each<[string, GroupMember[], Record<string, string>]>([
    ['nobody', [], {}],
    ['one member takes all', [member('m', LANES)], { m: 'abcdefg' }],
    ['newcomers share to within one', [member('x', LANES), member('y', LANES)], { x: 'aceg', y: 'bdf' }],
    [
      'a newcomer takes no more than evenness asks',
      [member('x', LANES, ['a', 'b', 'c', 'd']), member('y', LANES, ['e', 'f', 'g']), member('z', LANES)],
      { x: 'cd', y: 'efg', z: 'ab' },
    ],
    [
      'what a leaver had goes to the others, and nothing else moves',
      [member('x', LANES, ['a', 'b', 'c']), member('y', LANES, ['d', 'e'])],
      { x: 'abcg', y: 'def' },
    ],
    [
      'a lane that only one can run is his, and the rest evens it out',
      [member('x', ['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd']), member('y', ['a', 'b', 'c'])],
      { x: 'cd', y: 'ab' },
    ],
    [
      'evenness is reached through a third member',
      [member('x', ['a', 'b', 'c'], ['a', 'b', 'c']), member('y', ['c', 'd'], ['d']), member('z', ['d'])],
      { x: 'ab', y: 'c', z: 'd' },
    ],
    [
      'what an owner can no longer run leaves it',
      [member('x', ['a'], ['a', 'b']), member('y', ['b'])],
      { x: 'a', y: 'b' },
    ],
    [
      'of two that claim a lane the later generation has it',
      [member('x', ['a', 'b'], ['a', 'b'], 4), member('y', ['a', 'b'], ['a'], 5)],
      { x: 'b', y: 'a' },
    ],
  ])('%s', (_name, members, expected) => {
    expect(plain(assignLanes(members))).toEqual(expected)
    expect(plain(assignLanes([...members].reverse()))).toEqual(expected)
  })

  const lanes = fc.subarray(LANES)
  const members = fc.uniqueArray(
    fc.record({ member_id: fc.constantFrom('k', 'l', 'm', 'n', 'o'), can: lanes, owned: lanes, generation: fc.nat(3) }),
    { selector: (one) => one.member_id },
  )

  it('gives each lane that anybody can run to one that can', () => {
    fc.assert(
      fc.property(members, (group) => {
        const given = [...assignLanes(group)].flatMap(([id, list]) => list.map((lane) => [lane, id] as const))
        expect(given.map(([lane]) => lane).sort()).toEqual([...new Set(group.flatMap((one) => one.can))].sort())
        for (const [lane, id] of given) expect(group.find((one) => one.member_id === id)?.can).toContain(lane)
      }),
    )
  })

  it('is as even as can be: no lane could go to a member with two fewer', () => {
    fc.assert(
      fc.property(members, (group) => {
        const assigned = assignLanes(group)
        for (const [, list] of assigned) {
          for (const other of group) {
            const movable = list.some((lane) => other.can.includes(lane))
            if (movable) expect(list.length - assigned.get(other.member_id)!.length).toBeLessThanOrEqual(1)
          }
        }
      }),
    )
  })

  it('moves nothing when nothing has changed', () => {
    fc.assert(
      fc.property(members, (group) => {
        const first = assignLanes(group)
        const settled = group.map((one) => ({ ...one, owned: first.get(one.member_id)!, generation: 9 }))
        expect(plain(assignLanes(settled))).toEqual(plain(first))
      }),
    )
  })

  it('moves no more than a newcomer gets, where all can run all', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 20 }), (count, total) => {
        const all = Array.from({ length: total }, (_, index) => `lane-${index}`)
        const ids = Array.from({ length: count }, (_, index) => `m${index}`)
        const before = assignLanes(ids.map((id) => member(id, all)))
        const after = assignLanes([...ids.map((id) => member(id, all, before.get(id))), member('new', all)])
        const loads = [...after.values()].map((list) => list.length)
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1)
        for (const id of ids) for (const lane of after.get(id)!) expect(before.get(id)).toContain(lane)
      }),
    )
  })

  it('knows who owns what', () => {
    expect(owners([member('x', [], ['a', 'b'], 2), member('y', [], ['b', 'c'], 1)])).toEqual(
      new Map([
        ['a', 'x'],
        ['b', 'x'],
        ['c', 'y'],
      ]),
    )
  })
})
