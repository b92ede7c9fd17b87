export { MAX_LINE_BYTES } from './format.ts'
export { replayFormats } from './formats.ts'
export { createReplay } from './replay.ts'
