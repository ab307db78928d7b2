import {EventEmitter} from 'node:events'
import {describe, expect, test} from 'vitest'
import {openLog} from '../../../agent/serve/open-log.ts'

/** An output whose reader takes lines only when the test says so. */
class SlowOutput extends EventEmitter {
  readonly lines: Record<string, unknown>[] = []
  private waiting = 0

  write(line: string): void {
    this.lines.push(JSON.parse(line) as Record<string, unknown>)
    this.waiting += Buffer.byteLength(line)
  }

  get waitingBytes(): number {
    return this.waiting
  }

  drain(): void {
    const written = this.waiting
    this.waiting = 0
    this.emit('write', written)
  }
}

describe('the log', () => {
  test('has one line for each call, with the node, the time and the level', () => {
    const output = new SlowOutput()
    const log = openLog('bakery-1', output)
    log.info({a: 1}, 'first')
    log.warn({}, 'second')
    log.error({}, 'third')
    log.audit({who: 'alice'}, 'fourth')
    expect(output.lines.map(({level, node, msg}) => ({level, node, msg}))).toEqual([
      {level: 30, node: 'bakery-1', msg: 'first'},
      {level: 40, node: 'bakery-1', msg: 'second'},
      {level: 50, node: 'bakery-1', msg: 'third'},
      {level: 30, node: 'bakery-1', msg: 'fourth'},
    ])
    expect(output.lines[3]).toMatchObject({who: 'alice', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/)})
  })

  test('cuts text and lists that are long', () => {
    const output = new SlowOutput()
    openLog('n', output).warn({text: 'x'.repeat(100_000), list: Array.from({length: 1000}, () => 'y'.repeat(100_000))}, 'long')
    expect(output.lines[0]).toMatchObject({text: `${'x'.repeat(500)}…`})
    expect(output.lines[0]?.['list']).toHaveLength(21)
    expect(output.lines[0]).toMatchObject({list: expect.arrayContaining(['and 980 more'])})
    expect(JSON.stringify(output.lines[0]).length).toBeLessThan(12_000)
  })

  test('takes bounded memory when nobody reads it, says what it left out, and never leaves out the record', () => {
    const output = new SlowOutput()
    const log = openLog('n', output)
    const text = 'x'.repeat(400)
    for (let line = 0; line < 10_000; line++) {
      log.warn({text}, 'noise')
      if (line % 100 === 0) log.audit({line}, 'a client has connected')
    }
    expect(output.waitingBytes).toBeLessThan(300 * 1024)
    expect(output.lines.filter(({msg}) => msg === 'a client has connected')).toHaveLength(100)
    const logged = output.lines.filter(({msg}) => msg === 'noise').length
    output.drain()
    expect(output.lines.at(-1)).toMatchObject({notLogged: 10_000 - logged, msg: expect.stringContaining('missing here')})
    output.drain()
    log.warn({}, 'heard again')
    expect(output.lines.at(-1)).toMatchObject({msg: 'heard again'})
  })

  test('is stuck when too much of the record waits, until it is read', () => {
    const output = new SlowOutput()
    const log = openLog('n', output)
    for (let line = 0; line < 100_000 && !log.isStuck; line++) log.audit({line}, 'a client has connected')
    expect(log.isStuck).toBe(true)
    expect(output.waitingBytes).toBeLessThan(2 * 1024 * 1024)
    output.drain()
    expect(log.isStuck).toBe(false)
  })
})
