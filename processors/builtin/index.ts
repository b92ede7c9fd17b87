import type { Processor } from '../../runtime/api/index.ts'
import { filter } from './filter.ts'
import { map } from './map.ts'
import { route } from './route.ts'
import { split } from './split.ts'

/** Stages that a topology makes of expressions, without code. */
export const builtins: readonly Processor[] = [filter, map, route, split]
