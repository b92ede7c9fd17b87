/**
 * Runs a script of this project, after setting the checkout up where that is needed:
 * `node scripts/bootstrap.mjs <script> [arguments]`.
 *
 * Exit codes and signals of the script pass through; 2 says that set-up failed, with the reason on stderr.
 */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launch } from './launch.mjs'

const [script, ...args] = process.argv.slice(2)
await launch(dirname(dirname(fileURLToPath(import.meta.url))), script, args)
