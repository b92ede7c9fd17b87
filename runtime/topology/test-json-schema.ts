import { MockSchema } from './test-effects.ts'
import { RecordsSchema, TopologyTestsSchema } from './test-file.ts'
import { RecordedSchema } from './test-recorded.ts'

/**
 * Makes the JSON Schema with which editors complete and check files of topology tests.
 *
 * Topics, stages and fields of records are another file's matter: lint checks those.
 */

type Json = { [key: string]: unknown }

function testJsonSchema(): Json {
  const schema = plain(TopologyTestsSchema)
  const test = at(at(schema, 'properties').tests as Json, 'items')
  const { given, expect, effects } = at(test, 'properties') as Record<string, Json>
  const records = onlyEntry(plain(RecordsSchema))
  setEntry(given!, { anyOf: [records, plain(RecordedSchema)] })
  setEntry(expect!, records)
  setEntry(effects!, plain(MockSchema))
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'AITrader topology tests', ...schema }
}

/** The schema's file as `aitrader generate` writes it. */
export function testSchemaFile(): { path: string; text: string } {
  return { path: 'schemas/generated/test.schema.json', text: `${JSON.stringify(testJsonSchema(), null, 2)}\n` }
}

function plain(schema: object): Json {
  return JSON.parse(JSON.stringify(schema)) as Json
}

function at(schema: Json, field: string): Json {
  return schema[field] as Json
}

/** A map's schema has one pattern, which every key fits. */
function onlyEntry(map: Json): Json {
  return Object.values(at(map, 'patternProperties'))[0] as Json
}

function setEntry(map: Json, entry: Json): void {
  const patterns = at(map, 'patternProperties')
  for (const pattern of Object.keys(patterns)) patterns[pattern] = entry
}
