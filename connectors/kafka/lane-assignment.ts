/**
 * Shares lanes among the members of a group: each lane to one member that can run it, balanced to within one wherever
 * what members can run allows, and with as few moves as that takes. The same input gives the same answer on any member.
 */

export interface GroupMember {
  readonly member_id: string
  /** Lanes it can run. */
  readonly can: readonly string[]
  /** Lanes it was given before and means to run. */
  readonly owned: readonly string[]
  /** The generation in which it got them: of two that claim a lane, the later one has it. */
  readonly generation: number
}

/** Whose each lane is, as far as the members tell. */
export function owners(members: readonly GroupMember[]): Map<string, string> {
  const claims = new Map<string, GroupMember>()
  for (const member of byId(members)) {
    for (const lane of member.owned) {
      const other = claims.get(lane)
      if (other === undefined || other.generation < member.generation) claims.set(lane, member)
    }
  }
  return new Map([...claims].map(([lane, member]) => [lane, member.member_id]))
}

/** Lanes per member, sorted; a member without lanes has an empty list. A lane that nobody can run goes to nobody. */
export function assignLanes(members: readonly GroupMember[]): Map<string, string[]> {
  const able = new Map<string, string[]>()
  for (const member of byId(members)) {
    for (const lane of new Set(member.can)) able.set(lane, [...(able.get(lane) ?? []), member.member_id])
  }
  const lanes = [...able.keys()].sort(compare)
  const current = owners(members)
  const taken = new Map<string, string>()
  const load = new Map(byId(members).map((member) => [member.member_id, 0]))
  const give = (lane: string, member: string) => {
    const before = taken.get(lane)
    if (before !== undefined) load.set(before, (load.get(before) as number) - 1)
    taken.set(lane, member)
    load.set(member, (load.get(member) as number) + 1)
  }

  for (const lane of lanes) {
    const owner = current.get(lane)
    if (owner !== undefined && able.get(lane)?.includes(owner)) give(lane, owner)
  }
  for (const lane of lanes) {
    if (taken.has(lane)) continue
    const [first, ...rest] = able.get(lane) as [string, ...string[]]
    give(
      lane,
      rest.reduce(
        (least, member) => ((load.get(member) as number) < (load.get(least) as number) ? member : least),
        first,
      ),
    )
  }
  // A chain of moves from a fuller member to one with at least two fewer makes the loads more even; when there is no
  // such chain, no assignment is more even (semi-matching without cost-reducing paths).
  for (let chain = findChain(able, taken, load, current); chain !== undefined; ) {
    for (const [lane, member] of chain) give(lane, member)
    chain = findChain(able, taken, load, current)
  }
  const answer = new Map(byId(members).map((member) => [member.member_id, [] as string[]]))
  for (const lane of lanes) answer.get(taken.get(lane) as string)?.push(lane)
  return answer
}

/** The shortest chain of moves out of the fullest member that can be relieved. */
function findChain(
  able: ReadonlyMap<string, readonly string[]>,
  taken: ReadonlyMap<string, string>,
  load: ReadonlyMap<string, number>,
  current: ReadonlyMap<string, string>,
): [lane: string, to: string][] | undefined {
  // Lanes that have no owner to take them from move first: they cost nothing.
  const moved = (lane: string) => (current.get(lane) === taken.get(lane) ? 1 : 0)
  const lanes = [...taken.keys()].sort((a, b) => moved(a) - moved(b) || compare(a, b))
  const starts = [...load.keys()].sort((a, b) => (load.get(b) as number) - (load.get(a) as number) || compare(a, b))
  for (const start of starts) {
    const limit = (load.get(start) as number) - 2
    if (limit < 0) return undefined
    const reached = new Map<string, [lane: string, from: string]>()
    const queue = [start]
    for (let index = 0; index < queue.length; index++) {
      const from = queue[index] as string
      for (const lane of lanes) {
        if (taken.get(lane) !== from) continue
        for (const to of able.get(lane) as readonly string[]) {
          if (to === start || reached.has(to)) continue
          reached.set(to, [lane, from])
          if ((load.get(to) as number) <= limit) return chainTo(to, start, reached)
          queue.push(to)
        }
      }
    }
  }
  return undefined
}

function chainTo(
  end: string,
  start: string,
  reached: ReadonlyMap<string, readonly [lane: string, from: string]>,
): [string, string][] {
  const chain: [string, string][] = []
  for (let at = end; at !== start; ) {
    const [lane, from] = reached.get(at) as [string, string]
    chain.push([lane, at])
    at = from
  }
  return chain
}

function byId(members: readonly GroupMember[]): GroupMember[] {
  return [...members].sort((a, b) => compare(a.member_id, b.member_id))
}

/** By code units: equal on every machine, unlike `localeCompare`. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
