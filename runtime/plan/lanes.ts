import { AppError, assert } from '../api/fault.ts'
import { outputTopics, type Plan, type PlannedSource, type PlannedTask, type PlannedTopic } from './plan.ts'

/**
 * Lanes: the fixed sets of tasks and sources that move, commit and are fenced together on a broker of many processes.
 *
 * Within a lane records go from task to task in memory; what goes to another lane waits for a commit. A lane depends on
 * the topology alone, never on how many processes there are. Stages share a lane if the topology says so, if they feed
 * one another in a circle (a feedback edge of a millisecond would otherwise cost two commits per millisecond), or if
 * they hand records on partition by partition; where all stages of a lane do that, there is one lane per partition.
 */
export interface PlannedLane {
  /** The stage or declared name, with the partition behind it where there is one lane per partition: `books-2`. */
  readonly name: string
  readonly number: number
  readonly sources: readonly PlannedSource[]
  readonly tasks: readonly PlannedTask[]
}

export interface LanePlan {
  readonly lanes: readonly PlannedLane[]
  /** Numbers of the lanes that may write a partition, ascending. */
  writers(topic: PlannedTopic, partition: number): readonly number[]
}

/** The lane of all sources that declare none. */
const SOURCES = 'sources'

/** A group of stages on its way to become lanes. */
interface Group {
  readonly declared: string | undefined
  readonly stages: readonly string[]
}

/**
 * Divides a plan into lanes. Rejects with an AppError `LANE_CONFLICT` (exit 1) a topology that divides a circle of
 * stages, or its sources, between lanes, and a lane whose sources would have to wait for other lanes.
 */
export function planLanes(plan: Plan): LanePlan {
  const { topology } = plan
  const groups = joinAligned(plan, joinCircles(plan, declaredGroups(plan)))
  const source_lane = laneOfSources(plan)
  const lanes: PlannedLane[] = []
  const add = (name: string, sources: readonly PlannedSource[], tasks: readonly PlannedTask[]) => {
    lanes.push({ name, number: lanes.length, sources, tasks })
  }
  const with_sources = groups.find((group) => group.declared === source_lane)
  if (with_sources === undefined && plan.sources.length > 0) add(source_lane, plan.sources, [])
  for (const group of groups) {
    const tasks = plan.tasks.filter((task) => group.stages.includes(task.stage))
    const name = group.declared ?? (group.stages[0] as string)
    const count = group === with_sources ? 1 : splits(plan, group)
    if (count === 1) add(name, group === with_sources ? plan.sources : [], tasks)
    else {
      for (let number = 0; number < count; number++) {
        const own = tasks.filter((task) => task.number === number)
        add(`${name}-${number}`, [], own)
      }
    }
  }
  const names = new Set(lanes.map((lane) => lane.name))
  assert(names.size === lanes.length, `two lanes of ${topology.name} have the same name`)
  const planned = { lanes, writers: writersOf(lanes) }
  refuseWaitingSources(planned)
  refuseMixedArrival(planned)
  return planned
}

/** The part of a plan that a lane runs; producers and topics keep their numbers. */
export function planOfLane(plan: Plan, { sources, tasks }: PlannedLane): Plan {
  return { ...plan, sources, tasks }
}

/** Whether records of a topic that a task writes stay in the task's own partition: same key field, same partitions. */
export function keepsPartition(task: PlannedTask, topic: PlannedTopic): boolean {
  if (task.rekey) return false
  const keyed = task.inputs.filter((input) => input.keyed)
  return keyed.length > 0 && keyed.every((input) => alike(input.topic, topic))
}

function alike(a: PlannedTopic, b: PlannedTopic): boolean {
  return a.key === b.key && a.partitions === b.partitions
}

function declaredGroups(plan: Plan): Group[] {
  const groups: Group[] = []
  for (const stage of plan.stages) {
    const declared = plan.topology.stages[stage]?.lane
    const at = declared === undefined ? -1 : groups.findIndex((group) => group.declared === declared)
    if (at < 0) groups.push({ declared, stages: [stage] })
    else groups[at] = { declared, stages: [...(groups[at] as Group).stages, stage] }
  }
  return groups
}

/** Makes one group of groups that reach one another. */
function joinCircles(plan: Plan, groups: Group[]): Group[] {
  const next = reached(plan, groups)
  const circle = (a: Group, b: Group) => a !== b && next.get(a)?.has(b) === true && next.get(b)?.has(a) === true
  for (const a of groups) {
    const b = groups.find((other) => circle(a, other))
    if (b !== undefined) return joinCircles(plan, join(groups, a, b, 'feed one another'))
  }
  return groups
}

/** Makes one group of groups that hand records on partition by partition and can both be divided by partition. */
function joinAligned(plan: Plan, groups: Group[]): Group[] {
  for (const a of groups) {
    const count = splits(plan, a)
    if (count === 1 || a.declared !== undefined) continue
    const b = groups.find((other) => {
      if (byArrival(plan, other)) return false
      if (other === a || other.declared !== undefined || splits(plan, other) !== count) return false
      const hands = plan.tasks.some(
        (task) =>
          a.stages.includes(task.stage) &&
          [...task.outputs.values()].some((topic) => keepsPartition(task, topic) && reads(plan, other, topic)),
      )
      if (!hands) return false
      const joined = { declared: undefined, stages: inOrder(plan, [...a.stages, ...other.stages]) }
      // A third group on the way from one to the other would make a circle of lanes.
      return splits(plan, joined) === count && !roundabout(plan, groups, a, other)
    })
    if (b !== undefined) return joinAligned(plan, join(groups, a, b, ''))
  }
  return groups
}

function roundabout(plan: Plan, groups: readonly Group[], a: Group, b: Group): boolean {
  const next = reached(plan, groups)
  const between = (from: Group, to: Group) =>
    groups.some((other) => other !== a && other !== b && next.get(from)?.has(other) && next.get(other)?.has(to))
  return between(a, b) || between(b, a)
}

function join(groups: readonly Group[], a: Group, b: Group, why: string): Group[] {
  if (a.declared !== undefined && b.declared !== undefined) {
    throw new AppError('LANE_CONFLICT', `the lanes ${a.declared} and ${b.declared} ${why}`, {
      exit_code: 1,
      hint: `stages in a circle move together: ${[...a.stages, ...b.stages].join(', ')} need one \`lane:\``,
    })
  }
  const joined = { declared: a.declared ?? b.declared, stages: [...a.stages, ...b.stages] }
  return groups.flatMap((group) => (group === a ? [joined] : group === b ? [] : [group]))
}

/** What each group reaches over any number of edges. */
function reached(plan: Plan, groups: readonly Group[]): Map<Group, Set<Group>> {
  const direct = new Map(
    groups.map((group) => {
      const topics = new Set(
        plan.tasks.filter((t) => group.stages.includes(t.stage)).flatMap((t) => [...outputTopics(t)]),
      )
      return [group, groups.filter((other) => [...topics].some((topic) => reads(plan, other, topic)))] as const
    }),
  )
  const all = new Map<Group, Set<Group>>()
  for (const group of groups) {
    const seen = new Set<Group>()
    const open = [...(direct.get(group) as Group[])]
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      if (seen.has(one)) continue
      seen.add(one)
      open.push(...(direct.get(one) as Group[]))
    }
    all.set(group, seen)
  }
  return all
}

function reads(plan: Plan, group: Group, topic: PlannedTopic): boolean {
  return plan.tasks.some(
    (task) => group.stages.includes(task.stage) && task.inputs.some((input) => input.topic === topic),
  )
}

/** Number of lanes that a group makes: its partitions, or 1 if its stages do not keep records in their partition. */
function splits(plan: Plan, group: Group): number {
  const tasks = plan.tasks.filter((task) => group.stages.includes(task.stage))
  const counts = new Set(group.stages.map((stage) => tasks.filter((task) => task.stage === stage).length))
  const [count] = counts
  if (counts.size !== 1 || count === undefined || count === 1) return 1
  for (const task of tasks) {
    for (const topic of outputTopics(task)) {
      if (reads(plan, group, topic) && !keepsPartition(task, topic)) return 1
    }
    for (const input of task.inputs) {
      const inside = tasks.some((writer) => outputTopics(writer).has(input.topic))
      if (inside && !input.keyed) return 1
    }
  }
  return count
}

function inOrder(plan: Plan, stages: readonly string[]): string[] {
  return plan.stages.filter((stage) => stages.includes(stage))
}

function laneOfSources(plan: Plan): string {
  const declared = [...new Set(Object.values(plan.topology.sources).flatMap((source) => source.lane ?? []))]
  if (declared.length > 1) {
    throw new AppError('LANE_CONFLICT', `the sources are divided between the lanes ${declared.join(', ')}`, {
      exit_code: 1,
      hint: 'control records are stamped behind the data: all sources need one `lane:`',
    })
  }
  return declared[0] ?? SOURCES
}

function writersOf(lanes: readonly PlannedLane[]): LanePlan['writers'] {
  const known = new Map<PlannedTopic, number[][]>()
  const find = (topic: PlannedTopic): number[][] => {
    const found = Array.from({ length: topic.partitions }, (): number[] => [])
    const note = (partition: number, lane: number) => {
      const writers = found[partition] as number[]
      if (!writers.includes(lane)) writers.push(lane)
    }
    for (const lane of lanes) {
      for (const source of lane.sources) {
        if (source.topic === topic) for (let p = 0; p < topic.partitions; p++) note(p, lane.number)
      }
      for (const task of lane.tasks) {
        if (!outputTopics(task).has(topic)) continue
        if (keepsPartition(task, topic)) note(task.number, lane.number)
        else for (let p = 0; p < topic.partitions; p++) note(p, lane.number)
      }
    }
    for (const writers of found) writers.sort((a, b) => a - b)
    return found
  }
  return (topic, partition) => {
    let found = known.get(topic)
    if (found === undefined) {
      found = find(topic)
      known.set(topic, found)
    }
    return found[partition] as number[]
  }
}

/** Sources pace their lane: it cannot wait for what other lanes write. */
function refuseWaitingSources({ lanes, writers }: LanePlan): void {
  for (const lane of lanes) {
    if (lane.sources.length === 0) continue
    for (const task of lane.tasks) {
      for (const { topic, partition } of task.inputs) {
        const other = writers(topic, partition).find((number) => number !== lane.number)
        if (other === undefined) continue
        throw new AppError(
          'LANE_CONFLICT',
          `${task.stage} is in the lane ${lane.name} of the sources and reads ${topic.name} of the lane ${lanes[other]?.name}`,
          { exit_code: 1, hint: `give ${task.stage} a lane of its own` },
        )
      }
    }
  }
}

function byArrival(plan: Plan, group: Group): boolean {
  return plan.tasks.some((task) => group.stages.includes(task.stage) && task.merge === 'arrival')
}

/** Whether a lane takes records of other lanes as they come; its tasks that do so keep the order in their journal. */
export function takesAsTheyCome(lane: PlannedLane): boolean {
  return lane.tasks.some((task) => task.merge === 'arrival')
}

/**
 * What comes from outside a lane comes either as it arrives or by frontiers, and only a task that journals the order may
 * take it as it arrives.
 */
function refuseMixedArrival({ lanes, writers }: LanePlan): void {
  for (const lane of lanes) {
    const as_they_come = takesAsTheyCome(lane)
    for (const task of lane.tasks) {
      for (const { topic, partition } of task.inputs) {
        const inside = writers(topic, partition).some((number) => number === lane.number)
        if (inside === (task.merge === 'arrival') && as_they_come) {
          throw conflict(
            `${task.stage} reads ${topic.name} in a lane that takes records as they arrive`,
            inside
              ? `give ${task.stage} a lane of its own`
              : `set \`merge: arrival\` on ${task.stage}, or give it a lane of its own`,
          )
        }
        if (topic.external && task.merge !== 'arrival') {
          throw conflict(`${task.stage} merges ${topic.name} by data, which others write`, 'set `merge: arrival` on it')
        }
      }
    }
  }
}

function conflict(message: string, hint: string): AppError {
  return new AppError('LANE_CONFLICT', message, { exit_code: 1, hint })
}
