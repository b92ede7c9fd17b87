/** Holds a server that only sleeps, says where it is, and waits to be killed. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Held } from './held.ts'

const folder = mkdtempSync(join(tmpdir(), 'aitrader-held-'))
const held = new Held({ command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'], cwd: folder, folder })
await held.start()
console.log(JSON.stringify({ folder, pid: held.pid }))
setInterval(() => {}, 1_000)
