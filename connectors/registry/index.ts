export { Codecs, schemaIds } from './codecs.ts'
export {
  type CompatibilityMode,
  type Incompatibility,
  incompatibilities,
  type SchemaVersion,
  sameSchema,
} from './compatibility.ts'
export { registryOptions } from './credentials.ts'
export { openRegistry, type Registry, subjectOf } from './registry.ts'
