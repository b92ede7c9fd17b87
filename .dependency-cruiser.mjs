/**
 * Which room may import which: an allow-list, one line per room. Type-only imports count, so that a room's words
 * depend on no more than its code does.
 */

/** Room -> path patterns of ours that it may import, besides itself. */
const rooms = {
  runtime: [],
  schemas: ['^runtime/api/'],
  native: [],
  processors: ['^runtime/api/', '^schemas/', '^native/'],
  connectors: ['^runtime/api/', '^schemas/'],
  api: ['^schemas/', '^runtime/api/', '^connectors/'],
  // package.json, for the version it tells.
  cli: ['^package\\.json$', '^(runtime|schemas|native|processors|connectors|api|bench)/'],
  models: ['^(processors|schemas)/'],
  tests: ['^(runtime|schemas|native|processors|connectors|api|cli|bench|scripts)/'],
  bench: ['^(runtime|schemas|native|processors|connectors|api|cli|tests)/'],
  // The test runner, started in the same process.
  scripts: ['^node_modules/vitest/'],
}

const arrows = Object.entries(rooms).map(([room, targets]) => ({
  name: `${room}-imports`,
  comment: `${room}/ may import ${targets.length === 0 ? 'nothing of ours' : targets.join(', ')}.`,
  severity: 'error',
  from: { path: `^${room}/` },
  to: { dependencyTypes: ['local'], pathNot: [`^${room}/`, ...targets] },
}))

export default {
  forbidden: [
    ...arrows,
    {
      name: 'product-imports-no-dev-dependency',
      comment: 'What the product imports is a dependency, not a tool of its makers.',
      severity: 'error',
      from: { path: '^(runtime|schemas|native|processors|connectors|api|cli)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'processors-touch-no-world',
      comment: 'A processor is a pure state machine: no Node modules.',
      severity: 'error',
      from: { path: '^processors/' },
      to: { dependencyTypes: ['core'] },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(coverage|\\.aitrader)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
