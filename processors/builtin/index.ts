import type { Processor } from '../../runtime/api/index.ts'
import { dedupe } from './dedupe.ts'
import { enrich } from './enrich.ts'
import { filter } from './filter.ts'
import { join } from './join.ts'
import { map } from './map.ts'
import { route } from './route.ts'
import { sample } from './sample.ts'
import { split } from './split.ts'
import { throttle } from './throttle.ts'
import { window } from './window.ts'

/** Stages that a topology makes of expressions, without code. */
export const builtins: readonly Processor[] = [
  filter,
  map,
  route,
  split,
  sample,
  throttle,
  dedupe,
  enrich,
  window,
  join,
]
