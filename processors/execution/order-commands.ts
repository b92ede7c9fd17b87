/** What our own side does to an order: the rows of the state machine that no venue report causes. */
import type { Base, Command, Life, Outcome, Overlay } from './order-state.ts'
import { OPEN } from './order-state.ts'

/** Rows: the base states a command may find. Anything else is impossible. */
const FROM: { readonly [T in Command['type']]: ReadonlySet<Base> } = {
  DENY: new Set<Base>(['CREATED', 'HELD']),
  HOLD: new Set<Base>(['CREATED']),
  APPROVE: new Set<Base>(['HELD']),
  APPROVAL_EXPIRED: new Set<Base>(['HELD']),
  SEND: new Set<Base>(['CREATED']),
  SEND_CANCEL: OPEN,
  SEND_REPLACE: OPEN,
  // A reply that fails to come can concern an overlay of an order that was filled meanwhile.
  NO_ANSWER: new Set<Base>([...OPEN, 'FILLED', 'CANCELED', 'EXPIRED']),
}

/** Applies one of our own acts. */
export function command(life: Life, event: Command): Outcome {
  if (!FROM[event.type].has(life.base)) {
    return { kind: 'impossible', code: 'EVENT_IMPOSSIBLE', why: `${event.type} in ${life.base}` }
  }
  switch (event.type) {
    case 'DENY':
    case 'APPROVAL_EXPIRED':
      return changed({ ...life, base: 'DENIED', reason: event.reason })
    case 'HOLD':
      return changed({ ...life, base: 'HELD' })
    case 'APPROVE':
    case 'SEND':
      return changed({ ...life, base: 'PENDING_NEW' })
    case 'SEND_CANCEL': {
      // A cancel that was never answered may be asked again; one that is still awaited may not.
      if (life.cancel !== null && !life.cancel.unknown) return { kind: 'same' }
      const cancel = { cl_ord_id: event.cl_ord_id, qty: null, limit_px: null, unknown: false }
      return changed({ ...life, cancel, ids: [...life.ids, event.cl_ord_id] })
    }
    case 'SEND_REPLACE': {
      if (life.replace !== null) return { kind: 'same' }
      const replace = { cl_ord_id: event.cl_ord_id, qty: event.qty, limit_px: event.limit_px, unknown: false }
      return changed({ ...life, replace, ids: [...life.ids, event.cl_ord_id] })
    }
    case 'NO_ANSWER':
      return unanswered(life, event.cl_ord_id)
  }
}

function unanswered(life: Life, cl_ord_id: string): Outcome {
  if (life.cancel?.cl_ord_id === cl_ord_id) {
    return changed({ ...life, cancel: { ...life.cancel, unknown: true }, reason: 'NO_ANSWER' })
  }
  if (life.replace?.cl_ord_id === cl_ord_id) {
    return changed({ ...life, replace: { ...(life.replace as Overlay), unknown: true }, reason: 'NO_ANSWER' })
  }
  if (life.base === 'PENDING_NEW') return changed({ ...life, base: 'UNKNOWN', reason: 'NO_ANSWER' })
  return { kind: 'same' }
}

function changed(life: Life): Outcome {
  return { kind: 'changed', life, effects: [] }
}
