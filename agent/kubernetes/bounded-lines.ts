const NEWLINE = 0x0a

/**
 * Splits bytes into lines. Takes the next piece only when its lines are taken.
 *
 * @param longestBytes a longer line throws: what never ends must not fill the memory
 * @returns lines without their end; the last one may have lacked one
 */
export async function* boundedLines(pieces: AsyncIterable<Buffer>, longestBytes: number): AsyncGenerator<string> {
  let started: Buffer[] = []
  let startedBytes = 0
  const tooLong = () => new RangeError(`a line is longer than ${longestBytes} bytes`)
  for await (const piece of pieces) {
    let from = 0
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, from)) {
      const rest = piece.subarray(from, end)
      if (startedBytes + rest.length > longestBytes) throw tooLong()
      yield started.length === 0 ? rest.toString('utf8') : Buffer.concat([...started, rest]).toString('utf8')
      started = []
      startedBytes = 0
      from = end + 1
    }
    if (from === piece.length) continue
    startedBytes += piece.length - from
    if (startedBytes > longestBytes) throw tooLong()
    started.push(piece.subarray(from))
  }
  if (startedBytes > 0) yield Buffer.concat(started).toString('utf8')
}
