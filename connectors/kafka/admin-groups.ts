/** Groups and their committed offsets as an operator sees them. */
import { byTopic, type PartitionOffset, type TopicPartition } from './admin-topics.ts'
import type { Cluster, Target } from './cluster.ts'
import { CODE, check } from './errors.ts'
import {
  type DescribedGroup,
  deleteGroup as deleteGroupRequest,
  describeGroup as describeGroupRequest,
  type ListedGroup,
  listGroups as listGroupsRequest,
} from './requests/groups.ts'
import { offsetCommit, offsetDelete, offsetFetch } from './requests/offsets.ts'

const at = (group_id: string): Target => ({ coordinator: 'group', key: group_id })

/** All groups of all brokers, sorted by name. */
export async function listGroups(cluster: Cluster): Promise<ListedGroup[]> {
  const { brokers } = await cluster.metadata([])
  const answers = await Promise.all(
    brokers.map(async ({ node_id }) => {
      const { error_code, groups } = await cluster.request({ node: node_id }, listGroupsRequest, {})
      check(error_code, `listing the groups of broker ${node_id}`)
      return groups
    }),
  )
  return answers.flat().sort((a, b) => (a.group_id < b.group_id ? -1 : 1))
}

/** Undefined if there is none. */
export async function describeGroup(cluster: Cluster, group_id: string): Promise<DescribedGroup | undefined> {
  const { groups } = await cluster.request(at(group_id), describeGroupRequest, { group_id })
  const [group] = groups
  if (group === undefined || group.error_code === CODE.GROUP_ID_NOT_FOUND || group.state === 'Dead') return undefined
  check(group.error_code, `describing group ${group_id}`)
  return group
}

/** Offsets that the group has committed; those of an open transaction are waited for. */
export async function fetchOffsets(
  cluster: Cluster,
  group_id: string,
  partitions?: readonly TopicPartition[],
): Promise<PartitionOffset[]> {
  const topics = partitions === undefined ? null : byTopic(partitions, ({ partition }) => partition)
  const output = await cluster.request(at(group_id), offsetFetch, { group_id, topics })
  check(output.error_code, `reading the offsets of group ${group_id}`)
  return output.partitions.flatMap(({ topic, partition, offset, error_code }) => {
    check(error_code, `reading the offset of group ${group_id} in ${topic}/${partition}`)
    return offset < 0 ? [] : [{ topic, partition, offset }]
  })
}

/** Sets offsets from outside; refused while the group has members. */
export async function commitOffsets(
  cluster: Cluster,
  group_id: string,
  offsets: readonly PartitionOffset[],
): Promise<void> {
  const topics = byTopic(offsets, ({ partition, offset }) => ({ partition, offset, metadata: '' }))
  const output = await cluster.request(at(group_id), offsetCommit, { group_id, topics })
  for (const one of output.partitions) {
    check(one.error_code, `setting the offset of group ${group_id} in ${one.topic}/${one.partition}`)
  }
}

/** Refused while the group has members; none is none to delete. */
export async function deleteGroup(cluster: Cluster, group_id: string): Promise<void> {
  const { error_code } = await cluster.request(at(group_id), deleteGroupRequest, { group_id })
  if (error_code !== CODE.GROUP_ID_NOT_FOUND) check(error_code, `deleting group ${group_id}`)
}

/** Takes single offsets away. */
export async function deleteOffsets(
  cluster: Cluster,
  group_id: string,
  partitions: readonly TopicPartition[],
): Promise<void> {
  const topics = byTopic(partitions, ({ partition }) => partition)
  const output = await cluster.request(at(group_id), offsetDelete, { group_id, topics })
  check(output.error_code, `deleting offsets of group ${group_id}`)
  for (const one of output.partitions) {
    check(one.error_code, `deleting the offset of group ${group_id} in ${one.topic}/${one.partition}`)
  }
}
