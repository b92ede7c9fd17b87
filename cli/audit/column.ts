/** A growing column of numbers: eight bytes each, where an array of objects would take a hundred. */
class Column {
  length = 0
  private values = new Float64Array(16)

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Float64Array(this.length * 2)
      grown.set(this.values)
      this.values = grown
    }
    this.values[this.length++] = value
  }

  at(index: number): number {
    return this.values[index] as number
  }
}

/**
 * Ranges of one producer's sequence numbers, each with a number that it leads to.
 *
 * They are ascending in sound data and then found by halving; in any other order all of them are looked at.
 */
export class Ranges {
  private readonly first = new Column()
  private readonly last = new Column()
  private readonly leads_to = new Column()
  private ascending = true

  push(first: number, last: number, leads_to: number): void {
    const { length } = this.last
    if (length > 0 && first <= this.last.at(length - 1)) this.ascending = false
    this.first.push(first)
    this.last.push(last)
    this.leads_to.push(leads_to)
  }

  /** What the ranges that hold `seq` lead to. */
  find(seq: number): number[] {
    const found: number[] = []
    let low = 0
    let high = this.first.length
    if (this.ascending) {
      while (low < high) {
        const middle = (low + high) >>> 1
        if (this.last.at(middle) < seq) low = middle + 1
        else high = middle
      }
      high = Math.min(low + 1, this.first.length)
    }
    for (let i = low; i < high; i++)
      if (this.first.at(i) <= seq && seq <= this.last.at(i)) found.push(this.leads_to.at(i))
    return found
  }
}
