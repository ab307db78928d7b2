import {describe, expect, test} from 'vitest'
import {progressLine} from '../../../plugin/ui/progress-line.ts'

function terminal(isTTY: boolean) {
  const written: string[] = []
  return {written, stream: {isTTY, columns: 20, write: (text: unknown) => written.push(String(text)) > 0}}
}

describe('the line of progress', () => {
  test('overwrites itself, fits the terminal, and is cleared', () => {
    const {written, stream} = terminal(true)
    const line = progressLine(stream)
    line.show('reading 2 nodes')
    line.show('reading 1999 of 2000 nodes')
    line.clear()
    const clear = '\r\u001b[2K'
    expect(written).toEqual([`${clear}reading 2 nodes`, `${clear}reading 1999 of 200`, clear])
  })

  test('is not written into files and pipes', () => {
    const {written, stream} = terminal(false)
    const line = progressLine(stream)
    line.show('reading 2 nodes')
    line.clear()
    expect(written).toEqual([])
  })
})
