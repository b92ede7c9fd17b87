import { assert } from '../api/fault.ts'
import { MAX_KEY_BYTES } from './store.ts'

/**
 * Keys of everything a log keeps: one byte of kind, then what orders entries of that kind.
 *
 * Numbers are big-endian, so that byte order is their order.
 */

const KIND = { topic: 1, state: 2, batch: 3, value: 4, epoch: 5 } as const

const BATCH_KEY_BYTES = 11

/** Declared topics, by name. */
export function topicKey(name: string): Buffer {
  return Buffer.concat([Buffer.of(KIND.topic), Buffer.from(name, 'utf8')])
}
export const TOPICS = kindRange(KIND.topic)

/** A partition's ends, size and digest chain. */
export function stateKey(partition: number): Buffer {
  const key = Buffer.allocUnsafe(3)
  key[0] = KIND.state
  key.writeUInt16BE(partition, 1)
  return key
}

export function batchKey(partition: number, base_offset: number): Buffer {
  const key = Buffer.allocUnsafe(BATCH_KEY_BYTES)
  key[0] = KIND.batch
  key.writeUInt16BE(partition, 1)
  key.writeUInt16BE(Math.floor(base_offset / 2 ** 48), 3)
  key.writeUIntBE(base_offset % 2 ** 48, 5, 6)
  return key
}

export function baseOffset(batch_key: Uint8Array): number {
  const key = Buffer.from(batch_key.buffer, batch_key.byteOffset, batch_key.byteLength)
  return key.readUInt16BE(3) * 2 ** 48 + key.readUIntBE(5, 6)
}

/** A value of a key-value store: store name, zero byte, key. */
export function valueKey(store: string, key: string): Buffer {
  const name = Buffer.from(store, 'utf8')
  assert(!name.includes(0), `store name ${JSON.stringify(store)} holds a zero byte`)
  const bytes = Buffer.concat([Buffer.of(KIND.value), name, Buffer.of(0), Buffer.from(key, 'utf8')])
  assert(bytes.length <= MAX_KEY_BYTES, `key of store ${store} is longer than ${MAX_KEY_BYTES} bytes`)
  return bytes
}

/** Epoch of a transactional id: the number of the producer that holds it now. */
export function epochKey(transactional_id: string): Buffer {
  return Buffer.concat([Buffer.of(KIND.epoch), Buffer.from(transactional_id, 'utf8')])
}
export const EPOCHS = kindRange(KIND.epoch)

/** The least key above every key that starts with `prefix`. */
export function after(prefix: Uint8Array): Buffer {
  const end = Buffer.from(prefix)
  for (let i = end.length - 1; i >= 0; i--) {
    const byte = end[i] as number
    if (byte < 255) {
      end[i] = byte + 1
      return end.subarray(0, i + 1)
    }
  }
  return Buffer.of(255)
}

function kindRange(kind: number): { from: Buffer; to: Buffer } {
  return { from: Buffer.of(kind), to: Buffer.of(kind + 1) }
}
