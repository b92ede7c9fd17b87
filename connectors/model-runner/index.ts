import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Value } from 'typebox/value'
import { AppError } from '../../runtime/api/index.ts'
import { LinearModel, linearRunner, type ModelRunner } from './linear.ts'

/**
 * Models behind one port: loads `models/<name>/<version>/model.json` and answers requests with it.
 *
 * The file's bytes are hashed and the hash goes into every answer. Linear models only, so far. An unknown model, a
 * file that does not follow the schema, or one that names itself otherwise than its folder is wrong use: an `AppError`
 * with a hint. Nothing is loaded twice or watched: a changed model needs a new version.
 */
export type { ModelRunner }

/** The models there are, as `name/version`. */
function listModels(modelsDir: string): string[] {
  const folders = (path: string) => {
    try {
      return readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    } catch {
      return []
    }
  }
  const found: string[] = []
  for (const { name } of folders(modelsDir)) {
    for (const version of folders(join(modelsDir, name))) {
      if (/^\d+$/.test(version.name)) found.push(`${name}/${version.name}`)
    }
  }
  return found.sort()
}

function malformed(model: string, detail: string, cause?: unknown): AppError {
  return new AppError('MODEL_MALFORMED', `model ${model}: ${detail}`, {
    exit_code: 2,
    hint: `mend models/${model}/model.json; models/linear-microstructure/1/model.json shows the form`,
    cause,
  })
}

/** @throws AppError `MODEL_UNKNOWN`, `MODEL_MALFORMED` (exit 2). */
export function loadModelRunner(modelsDir: string, model: string): ModelRunner {
  const known = listModels(modelsDir)
  if (!known.includes(model)) {
    throw new AppError('MODEL_UNKNOWN', `there is no model ${model} in ${modelsDir}`, {
      exit_code: 2,
      hint: known.length === 0 ? 'a model is a folder NAME/VERSION with a model.json' : `known: ${known.join(', ')}`,
    })
  }
  let bytes: Buffer
  let parsed: unknown
  try {
    bytes = readFileSync(join(modelsDir, model, 'model.json'))
    parsed = JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw malformed(model, cause instanceof Error ? cause.message : String(cause), cause)
  }
  if (!Value.Check(LinearModel, parsed)) {
    const errors = Value.Errors(LinearModel, parsed).map(
      ({ instancePath, message }) => `${instancePath || '/'} ${message}`,
    )
    throw malformed(model, errors.join('; '))
  }
  if (`${parsed.name}/${parsed.version}` !== model) {
    throw malformed(model, `it calls itself ${parsed.name}/${parsed.version}`)
  }
  return linearRunner(parsed, createHash('sha256').update(bytes).digest('hex'))
}
