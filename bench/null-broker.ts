import type { Broker, TopicSpec } from '../runtime/api/index.ts'

/** A broker that keeps nothing: what the path costs without any I/O. Commits are answered at once. */
export function nullBroker(): Broker {
  let declared: readonly TopicSpec[] = []
  return {
    topics: () => declared,
    partition: (topic, partition) => ({ topic, partition, start_offset: 0, end_offset: 0 }),
    highWatermark: async () => 0,
    read: async () => undefined,
    async *scan() {},
    get: async () => undefined,
    follow: () => ({
      take: () => undefined,
      taken: () => 0,
      ready: () => new Promise(() => {}),
      close: async () => {},
    }),
    offsetAt: async () => 0,
    digests: async () => ({}),
    close: async () => {},
    declare: async (topics) => {
      declared = topics
    },
    producer: async () => ({ commit: async () => {} }),
    trim: async () => 0,
  }
}
