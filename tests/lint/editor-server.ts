/** The YAML language server of editors, in a process of its own, spoken to over its standard streams as an editor does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = new URL('../../', import.meta.url)
const PROGRAM = fileURLToPath(new URL('node_modules/yaml-language-server/bin/yaml-language-server', ROOT))

export const hasServer = existsSync(PROGRAM)
/** Behind the name of a test that needs it: why it is skipped, or nothing. */
export const noServer = hasServer ? '' : ' (skipped: the package yaml-language-server is not installed)'

/** Nothing is fetched: schemas come from the first line of a file. */
const SETTINGS: Readonly<Record<string, object>> = {
  yaml: {
    validate: true,
    hover: true,
    completion: true,
    schemaStore: { enable: false, url: '' },
    kubernetesCRDStore: { enable: false },
  },
}

interface Message {
  readonly id?: number | string
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

export interface Diagnostic {
  readonly message: string
  readonly range: { readonly start: Position }
}
/** Both from 0. */
export interface Position {
  readonly line: number
  readonly character: number
}

export class EditorServer {
  readonly #child: ChildProcess
  readonly #answers = new Map<number, (message: Message) => void>()
  readonly #diagnosed = new Map<string, (found: readonly Diagnostic[]) => void>()
  #unread = Buffer.alloc(0)
  #asked = 0

  private constructor() {
    this.#child = spawn(process.execPath, [PROGRAM, '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] })
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#read(chunk))
  }

  static async start(): Promise<EditorServer> {
    const server = new EditorServer()
    await server.#ask('initialize', {
      processId: process.pid,
      rootUri: ROOT.href,
      capabilities: {
        workspace: { configuration: true },
        textDocument: { hover: { contentFormat: ['plaintext'] }, completion: { completionItem: {} } },
      },
    })
    server.#send({ method: 'initialized', params: {} })
    return server
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    await this.#ask('shutdown', null)
    this.#send({ method: 'exit' })
    await ended
  }

  /** Opens a text as the file at `path` of the checkout; answers what the editor would underline. */
  async open(path: string, text: string): Promise<readonly Diagnostic[]> {
    const uri = uriOf(path)
    const found = new Promise<readonly Diagnostic[]>((resolve) => this.#diagnosed.set(uri, resolve))
    this.#send({
      method: 'textDocument/didOpen',
      params: { textDocument: { uri, languageId: 'yaml', version: 1, text } },
    })
    return found
  }

  /** Text of the box over a place of an open file. */
  async hover(path: string, position: Position): Promise<string> {
    const answer = await this.#ask('textDocument/hover', { textDocument: { uri: uriOf(path) }, position })
    return (answer as { contents: { value: string } } | null)?.contents.value ?? ''
  }

  /** Words that the editor offers there. */
  async complete(path: string, position: Position): Promise<string[]> {
    const answer = await this.#ask('textDocument/completion', { textDocument: { uri: uriOf(path) }, position })
    return (answer as { items: { label: string }[] }).items.map(({ label }) => label)
  }

  #ask(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#asked
    return new Promise((resolve, reject) => {
      this.#answers.set(id, ({ result, error }) =>
        error === undefined ? resolve(result) : reject(new Error(error.message)),
      )
      this.#send({ id, method, params })
    })
  }

  #send(message: Message): void {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }))
    this.#child.stdin?.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]))
  }

  #read(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk])
    for (;;) {
      const head_end = this.#unread.indexOf('\r\n\r\n')
      const length = Number(
        /Content-Length: (\d+)/.exec(this.#unread.toString('latin1', 0, Math.max(head_end, 0)))?.[1],
      )
      if (head_end === -1 || this.#unread.length < head_end + 4 + length) return
      const body = this.#unread.toString('utf8', head_end + 4, head_end + 4 + length)
      this.#unread = this.#unread.subarray(head_end + 4 + length)
      this.#take(JSON.parse(body))
    }
  }

  #take(message: Message): void {
    const { id, method, params } = message
    if (method === undefined) {
      this.#answers.get(id as number)?.(message)
      this.#answers.delete(id as number)
    } else if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = params as { uri: string; diagnostics: Diagnostic[] }
      this.#diagnosed.get(uri)?.(diagnostics)
    } else if (id !== undefined) this.#send({ id, result: answerTo(method, params) })
  }
}

/** What an editor answers when the server asks. */
function answerTo(method: string, params: unknown): unknown {
  if (method !== 'workspace/configuration') return null
  const { items } = params as { items: readonly { section: string }[] }
  return items.map(({ section }) => SETTINGS[section] ?? {})
}

function uriOf(path: string): string {
  return pathToFileURL(fileURLToPath(new URL(path, ROOT))).href
}
