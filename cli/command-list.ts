import type { Command } from 'commander'

/**
 * Every command by name: what the list of all says of it, in the command's own words, and how it is loaded. The list is
 * shown without loading any of them, which would take half a second.
 */
export const COMMANDS: Readonly<Record<string, { readonly says: string; readonly load: () => Promise<Command> }>> = {
  up: {
    says: 'run the whole dataflow in this process: on a simulated market, with --feed on a live one, with --replay on recorded data',
    load: async () => (await import('./commands/up.ts')).upCommand(),
  },
  run: {
    says: 'run stages on Kafka; more processes share the work',
    load: async () => (await import('./commands/run.ts')).runCommand(),
  },
  capture: {
    says: 'record a live feed into a file that --replay reads back exactly',
    load: async () => (await import('./commands/capture.ts')).captureCommand(),
  },
  lint: {
    says: 'check topologies and topology tests: shape, names, records, ports, parameters, cycles, determinism',
    load: async () => (await import('./commands/lint.ts')).lintCommand(),
  },
  plan: {
    says: 'show what applying a topology would change: topics, schemas, rights, and what becomes of each state',
    load: async () => (await import('./commands/plan.ts')).planCommand(),
  },
  apply: {
    says: 'make a topology so on a cluster: topics, schemas, rights and state as `aitrader plan` shows',
    load: async () => (await import('./commands/apply.ts')).applyCommand(),
  },
  rescale: {
    says: 'give topics more partitions: drain, divide the state anew, go on in a new generation',
    load: async () => (await import('./commands/rescale.ts')).rescaleCommand(),
  },
  reset: {
    says: 'take a topology on Kafka back to its beginning: offsets, state, internal topics',
    load: async () => (await import('./commands/reset.ts')).resetCommand(),
  },
  test: {
    says: 'run topology tests (YAML)',
    load: async () => (await import('./commands/test.ts')).testCommand(),
  },
  graph: {
    says: 'draw a topology: stages, lanes, topics on the edges, feedback dashed',
    load: async () => (await import('./commands/graph.ts')).graphCommand(),
  },
  topic: {
    says: 'read the topics of a data directory, or of a topology on Kafka',
    load: async () => (await import('./commands/topic.ts')).topicCommand(),
  },
  sink: {
    says: 'carry records into other systems, as `sinks` of the topology say, each record once',
    load: async () => (await import('./commands/sink.ts')).sinkCommand(),
  },
  state: {
    says: 'what a stage knows: one object per key, now or as of an input record',
    load: async () => (await import('./commands/state.ts')).stateCommand(),
  },
  audit: {
    says: 'trace results to raw frames, replay decisions, prove the trail',
    load: async () => (await import('./commands/audit.ts')).auditCommand(),
  },
  control: {
    says: 'halt and resume trading',
    load: async () => (await import('./commands/control.ts')).controlCommand(),
  },
  lag: {
    says: 'how far each lane on Kafka is behind, who runs it, and what holds it up',
    load: async () => (await import('./commands/lag.ts')).lagCommand(),
  },
  txn: {
    says: 'transactions of a topology on Kafka: look at them, end one that hangs',
    load: async () => (await import('./commands/txn.ts')).txnCommand(),
  },
  dlq: {
    says: 'records that could not be processed: read them, send them through again',
    load: async () => (await import('./commands/dlq.ts')).dlqCommand(),
  },
  new: {
    says: 'make a topology, a test or a processor to begin with',
    load: async () => (await import('./commands/new.ts')).newCommand(),
  },
  bench: {
    says: 'measure throughput and latency of the whole path on this machine',
    load: async () => (await import('./commands/bench.ts')).benchCommand(),
  },
  generate: {
    says: 'make types, codecs, JSON Schemas and reference pages from schemas and specs',
    load: async () => (await import('./commands/generate.ts')).generateCommand(),
  },
}
