#!/usr/bin/env node
/** The `aitrader` command, for `npx aitrader` in a checkout; sets the checkout up first where that is needed. */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launch } from './launch.mjs'

await launch(dirname(dirname(fileURLToPath(import.meta.url))), 'cli/main.ts', process.argv.slice(2))
