import { expect, test } from 'vitest'
import { libraries } from '../../cli/compose.ts'

/** A library that changed is code that changed; what only development needs is not. */

const lock = (packages: object) => JSON.stringify({ lockfileVersion: 3, packages })
const ours = { '': { version: '1.0.0' } }
const yaml = { version: '2.9.1', integrity: 'sha512-a' }
const known = libraries(lock({ ...ours, 'node_modules/yaml': yaml }))

test.each([
  ['another version', { 'node_modules/yaml': { ...yaml, version: '2.9.2' } }],
  ['other contents of the same version', { 'node_modules/yaml': { ...yaml, integrity: 'sha512-b' } }],
  ['a library more', { 'node_modules/yaml': yaml, 'node_modules/avsc': { version: '5.7.9' } }],
  ['another place', { 'node_modules/avsc/node_modules/yaml': yaml }],
  ['a library less', {}],
])('%s is another code', (_, packages) => {
  expect(libraries(lock({ ...ours, ...packages }))).not.toBe(known)
})

test.each([
  ['a tool of development', { ...ours, 'node_modules/biome': { version: '2.6.8', dev: true } }],
  ['the version of the program, which the build names itself', { '': { version: '1.0.1' } }],
])('%s is the same code', (_, packages) => {
  expect(libraries(lock({ ...packages, 'node_modules/yaml': yaml }))).toBe(known)
})
