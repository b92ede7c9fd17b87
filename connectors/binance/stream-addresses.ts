/**
 * Shares the streams of many symbols out among connections. Binance takes them in the address of a connection, and an
 * address cannot be as long as the 1,024 streams of one connection would make it: servers of the venue were measured to
 * refuse more than 8,004 characters, proxies take 4,096 to 8,192, and no page of the venue names a bound.
 */

/** Characters of a whole address. So short that 1,024 streams have no room in it, either. */
export const ADDRESS_MAX = 4_096

export interface StreamAddress {
  readonly url: string
  /** Whose streams it names, in the order given. */
  readonly symbols: readonly string[]
}

/**
 * As few addresses as keep the bound, with as many symbols each, up to one: a connection of few symbols that nobody trades
 * would be taken for dead. All streams of a symbol stay together. `base` is the address up to the names.
 */
export function streamAddresses(
  base: string,
  symbols: readonly string[],
  streams: readonly string[],
): readonly StreamAddress[] {
  for (let count = 1; ; count++) {
    const parts = Array.from({ length: count }, (_, at) =>
      symbols.slice(Math.round((at * symbols.length) / count), Math.round(((at + 1) * symbols.length) / count)),
    )
    const addresses = parts.map((part) => ({ url: base + namesOf(part, streams), symbols: part }))
    if (count >= symbols.length || addresses.every(({ url }) => lengthOf(url) <= ADDRESS_MAX)) return addresses
  }
}

function namesOf(symbols: readonly string[], streams: readonly string[]): string {
  return symbols.flatMap((symbol) => streams.map((stream) => `${symbol.toLowerCase()}@${stream}`)).join('/')
}

/** As it is sent: what is not ASCII is written with three characters a byte. */
function lengthOf(url: string): number {
  return new URL(url).href.length
}
