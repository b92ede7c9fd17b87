import { type TSchema, Type } from 'typebox'
import { DURATION_PATTERN } from './duration.ts'
import { VARIABLE_TYPES } from './environment.ts'

/**
 * The shape of a topology file. The descriptions are the reference page and the editor's help: say here what a field
 * means, and nowhere else.
 *
 * It uses the part of JSON Schema that `shape.ts` reads. What needs the world (processors, records) or more than one
 * field at a time is a rule in `rules/`.
 */

const closed = { additionalProperties: false } as const

/** A map from names of one form to values of one shape. */
function named(pattern: string, value: TSchema, options: { description: string; minProperties?: number }) {
  return Type.Record(Type.String({ pattern }), value, options)
}

const STAGE_NAME = '^[a-z][a-z0-9]*(-[a-z0-9]+)*$'
const TOPIC_NAME = '^[a-z][a-z0-9]*([.-][a-z0-9]+)*$'
const FIELD_NAME = '^[a-z][a-z0-9_]*$'

function duration(description: string, options: { default?: string } = {}) {
  return Type.String({
    pattern: DURATION_PATTERN,
    description: `${description} A time with a unit (us, ms, s, m, h, d).`,
    ...options,
  })
}

function count(description: string, options: { minimum?: number; default?: number; maximum?: number } = {}) {
  return Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description, ...options })
}

/** The modes of a Confluent-compatible schema registry. */
const COMPATIBILITY_MODES = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const

export type Compatibility = (typeof COMPATIBILITY_MODES)[number]

export const TopicSchema = Type.Object(
  {
    record: Type.String({ description: 'The record that the topic holds: a schema of `schemas/`.' }),
    key: Type.String({ description: 'The string field of the record that is the key; equal keys share a partition.' }),
    partitions: count('Number of partitions, fixed per generation. Partition i goes to task i of a keyed reader.', {
      maximum: 4096,
    }),
    retention: Type.Optional(
      duration('Stream time that records are kept at least; without it they are kept for ever.'),
    ),
    retention_bytes: Type.Optional(
      count('Bytes per partition beyond which the oldest records may go; without it there is no bound.'),
    ),
    compatibility: Type.Optional(
      Type.Union(
        COMPATIBILITY_MODES.map((mode) => Type.Literal(mode)),
        {
          default: 'FULL_TRANSITIVE',
          description:
            'On Kafka: which schemas the registry lets follow one another. The default lets readers and writers of any two versions meet.',
        },
      ),
    ),
    external: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Written by others, on Kafka: Avro records without our headers. Only stages that merge by `arrival` read it.',
      }),
    ),
    description: Type.Optional(Type.String({ description: 'What is in it, in a sentence.' })),
  },
  { ...closed, description: 'A log of records of one kind, divided into partitions by key.' },
)

export const FeedbackSchema = Type.Object(
  {
    min_delay_us: Type.Integer({
      description: 'Stream time, microseconds above 0, that passes at least before a record is read here.',
    }),
  },
  { ...closed, description: 'Marks the edge that closes a cycle; its records are read after a least delay.' },
)

export const InputSchema = Type.Object(
  {
    topic: Type.String({ description: 'The topic that is read.' }),
    as: Type.Optional(
      Type.Union([Type.Literal('keyed'), Type.Literal('broadcast')], {
        description:
          '`keyed` (the default): partition i goes to task i. `broadcast`: every task reads all partitions; tables always are.',
      }),
    ),
    feedback: Type.Optional(FeedbackSchema),
  },
  { ...closed, description: 'An input with more to say than its topic.' },
)

export const EffectSchema = Type.Object(
  {
    runner: Type.String({
      minLength: 1,
      description: 'What answers: a model as `name/version`, a folder of `models/`.',
    }),
    latency: duration('Virtual time from request to answer under `by_data`, however long it really takes.'),
    batch_max: Type.Optional(count('Requests of one micro-batch at most.', { default: 64 })),
    retries: Type.Optional(count('Retries after a retriable failure.', { minimum: 0, default: 2 })),
    breaker_failures: Type.Optional(
      count('Failed requests in a row after which the breaker opens and requests fail at once.', { default: 5 }),
    ),
    breaker_open: Type.Optional(duration('Stream time that the breaker stays open.', { default: '5s' })),
  },
  { ...closed, description: 'How a stage whose processor is an effect meets the outside world.' },
)

export const DeadLettersSchema = Type.Object(
  {
    later: Type.Union([Type.Literal('continue'), Type.Literal('park'), Type.Literal('block')], {
      default: 'continue',
      description:
        'What becomes of later records of a key after one was refused. `continue`: they are processed. `park`: they are refused too (code PARKED) until `aitrader dlq replay` has taken those before them through. `block`: the stage stops before the refused record, nothing is skipped, and a mended build goes on with it.',
    }),
  },
  { ...closed, description: 'What follows when a record was refused.' },
)

export const StageSchema = Type.Object(
  {
    use: Type.String({ description: 'The processor, by name.' }),
    description: Type.Optional(Type.String({ description: 'What the stage is for, in a sentence.' })),
    from: Type.Optional(
      named(FIELD_NAME, Type.Union([Type.String(), InputSchema]), {
        description: 'Input and table ports of the processor, each with the topic it reads.',
      }),
    ),
    to: Type.Optional(
      named(FIELD_NAME, Type.String(), {
        description: 'Output ports of the processor, each with the topic it writes.',
      }),
    ),
    faults_to: Type.Optional(Type.String({ description: 'The dead-letter topic for records that are refused.' })),
    snapshot_every: Type.Optional(
      count('Commits between two snapshots of the state; 1 for small, precious state, which then is never re-run.', {
        default: 1000,
      }),
    ),
    merge: Type.Optional(
      Type.Union([Type.Literal('by_data'), Type.Literal('arrival')], {
        default: 'by_data',
        description:
          '`by_data`: inputs merge by stream time, equal in every run. `arrival`: as they come, and the order is journaled.',
      }),
    ),
    max_faults: Type.Optional(
      count('Records that may be refused before the stage halts; without it there is no bound.', { minimum: 0 }),
    ),
    dead_letters: Type.Optional(DeadLettersSchema),
    params: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description:
          'Parameters of the processor. A parameter `instruments` that is not set gets the instruments of the topology.',
      }),
    ),
    effect: Type.Optional(EffectSchema),
    lane: Type.Optional(
      Type.String({
        pattern: STAGE_NAME,
        description:
          'On Kafka: what the stage moves and commits together with. Stages of one lane hand records over in memory; a record that goes to another lane waits for a commit. Without it, stages that feed one another in a circle or partition by partition share a lane.',
      }),
    ),
    rekey: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'The stage writes records of other keys than it reads, also where input and output have the same key field.',
      }),
    ),
  },
  { ...closed, description: 'A processor at work: what it reads, what it writes, with which parameters.' },
)

const INSTRUMENT_KINDS = ['SPOT', 'EQUITY', 'LINEAR', 'INVERSE'] as const

export const InstrumentSchema = Type.Object(
  {
    instrument_id: Type.String({ minLength: 1, description: 'Venue symbol and venue, `BTCUSDT.BINANCE`.' }),
    venue: Type.String({ pattern: '^[A-Z][A-Z0-9_]*$', description: 'Venue, upper case.' }),
    symbol: Type.String({ minLength: 1, description: 'Symbol as the venue spells it.' }),
    kind: Type.Union(
      INSTRUMENT_KINDS.map((kind) => Type.Literal(kind)),
      { description: 'SPOT and EQUITY settle in full; LINEAR and INVERSE are derivatives.' },
    ),
    price_scale: count('Decimal places of every price.', { minimum: 0, maximum: 15 }),
    qty_scale: count('Decimal places of every quantity.', { minimum: 0, maximum: 15 }),
    tick_size_px: count('Least price step, in price_scale.'),
    lot_size_qty: count('Least quantity step, in qty_scale.'),
    min_qty: count('Least order quantity, in qty_scale.'),
    max_qty: count('Greatest order quantity, in qty_scale.'),
    multiplier: Type.Optional(count('Contract multiplier; 1 for spot and equity.', { default: 1 })),
    base_currency: Type.String({ description: 'What is bought.' }),
    quote_currency: Type.String({ description: 'What prices are in.' }),
    calendar: Type.Optional(Type.String({ default: '24x7', description: 'Session calendar by name.' })),
  },
  { ...closed, description: 'An instrument that orders may be sent for.' },
)

export const SourceSchema = Type.Object(
  {
    to: Type.String({ description: 'The topic that it writes.' }),
    lane: Type.Optional(
      Type.String({ pattern: STAGE_NAME, description: 'On Kafka: what the source commits together with.' }),
    ),
  },
  { ...closed, description: 'What writes a topic from outside.' },
)

const KafkaSchema = Type.Object(
  {
    client: Type.Optional(
      Type.Union([Type.Literal('kafkajs'), Type.Literal('platformatic')], {
        default: 'kafkajs',
        description: 'The library that carries the connections.',
      }),
    ),
    commit_interval_ms: Type.Optional(
      count('Wall time between two commits of a lane, milliseconds.', { maximum: 60_000, default: 100 }),
    ),
    commit_max_records: Type.Optional(count('Records after which a lane commits even earlier.', { default: 20_000 })),
    compression: Type.Optional(
      Type.Union(
        (['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const).map((codec) => Type.Literal(codec)),
        { default: 'none', description: 'How batches are compressed.' },
      ),
    ),
  },
  { ...closed, description: 'How the topology runs on Kafka; results never depend on it.' },
)

/** Names of environment variables, and of the parameters of templates. */
const VARIABLE_NAME = '^[A-Z][A-Z0-9_]*$'
const GROUP_NAME = '^[a-z][a-z0-9]*([_-][a-z0-9]+)*$'

export const VariableSchema = Type.Object(
  {
    description: Type.String({ minLength: 1, description: 'What the value decides.' }),
    type: Type.Optional(
      Type.Union(
        VARIABLE_TYPES.map((type) => Type.Literal(type)),
        { default: 'text', description: 'What the value must be.' },
      ),
    ),
    default: Type.Optional(
      Type.Union([Type.String(), Type.Number(), Type.Boolean()], {
        description: 'The value where nothing is said; without it, something must be said.',
      }),
    ),
  },
  { ...closed, description: 'A value that is given from outside and stands where `${NAME}` is written.' },
)

export const TemplateSchema = Type.Object(
  {
    description: Type.String({ minLength: 1, description: 'What it makes, in a sentence.' }),
    parameters: Type.Optional(
      named(FIELD_NAME, VariableSchema, {
        description:
          'What `with` may say. `${name}` in topics and stages, names included, stands for the value; `${instance}` for the name of the use.',
      }),
    ),
    topics: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Topics that it makes.' })),
    stages: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Stages that it makes.' })),
  },
  { ...closed, description: 'Topics and stages with parameters, made once for every entry of `use_templates`.' },
)

export const UseTemplateSchema = Type.Object(
  {
    template: Type.String({ description: 'The template, by name.' }),
    with: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
        description: 'Values of its parameters.',
      }),
    ),
    description: Type.Optional(Type.String({ description: 'What it is used for, in a sentence.' })),
  },
  { ...closed, description: 'A template at work. Findings in what it makes name this entry.' },
)

/** A file that topologies include. */
export const LibrarySchema = Type.Object(
  { templates: named(STAGE_NAME, TemplateSchema, { description: 'Templates, by name.' }) },
  { ...closed, description: 'A file of templates.' },
)

export const SinkSchema = Type.Object(
  {
    use: Type.String({ minLength: 1, description: 'The kind of sink.' }),
    topics: Type.Array(Type.String(), { minItems: 1, description: 'The topics that it carries away.' }),
    params: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'Parameters of this kind of sink.' }),
    ),
    description: Type.Optional(Type.String({ description: 'What it is for, in a sentence.' })),
  },
  { ...closed, description: 'What carries records from topics into another system, run by us.' },
)

export const ExternalReaderSchema = Type.Object(
  {
    topics: Type.Array(Type.String(), { minItems: 1, description: 'The topics that it reads.' }),
    group: Type.Optional(
      Type.String({ pattern: GROUP_NAME, description: 'Its consumer group on Kafka; without it, its name.' }),
    ),
    owner: Type.String({ minLength: 1, description: 'The team to ask before one of the topics changes.' }),
    description: Type.String({ minLength: 1, description: 'What it does with the records, in a sentence.' }),
  },
  {
    ...closed,
    description:
      'Who reads topics from outside, in a consumer group of its own. The runtime starts no such reader; its topics count as read, and `aitrader plan` shows its group.',
  },
)

export const TopologySchema = Type.Object(
  {
    name: Type.String({ pattern: STAGE_NAME, description: 'Name of the topology; names its data directory.' }),
    description: Type.String({ description: 'What goes in and what comes out, in a sentence.' }),
    owner: Type.String({ minLength: 1, description: 'The team to ask.' }),
    commit_interval_ms: Type.Optional(
      count('Least wall time between two commits, milliseconds.', { minimum: 0, maximum: 60_000, default: 5 }),
    ),
    commit_max_records: Type.Optional(count('Records after which a commit is made even earlier.', { default: 20_000 })),
    end_drain_ms: Type.Optional(
      count('Stream time that passes after the last frame of a file, milliseconds; longer than every latency here.', {
        minimum: 0,
        default: 5_000,
      }),
    ),
    kafka: Type.Optional(KafkaSchema),
    environment: Type.Optional(
      named(VARIABLE_NAME, VariableSchema, {
        description: 'Variables of the environment that this file may speak of as `${NAME}`; no others can be.',
      }),
    ),
    include: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'Files of templates, by their paths from the folder of this file.',
      }),
    ),
    templates: Type.Optional(named(STAGE_NAME, TemplateSchema, { description: 'Templates, by name.' })),
    use_templates: Type.Optional(
      named(STAGE_NAME, UseTemplateSchema, { description: 'Uses of templates, by the name of what comes of each.' }),
    ),
    sources: named(STAGE_NAME, SourceSchema, { description: 'What comes from outside, and where it is written.' }),
    instruments: Type.Optional(
      Type.Array(InstrumentSchema, {
        description: 'Instruments known from the start; the source `topology` writes them.',
      }),
    ),
    topics: named(TOPIC_NAME, TopicSchema, { description: 'Every topic, by name: lower case, digits, dots, hyphens.' }),
    stages: named(STAGE_NAME, StageSchema, { description: 'Every stage, by name: lower case, digits, hyphens.' }),
    sinks: Type.Optional(
      named(STAGE_NAME, SinkSchema, { description: 'What carries records into other systems, by name.' }),
    ),
    external_readers: Type.Optional(
      named(GROUP_NAME, ExternalReaderSchema, { description: 'Who reads topics from outside, by name.' }),
    ),
  },
  { ...closed, description: 'A topology: sources, topics and the stages between them.' },
)
