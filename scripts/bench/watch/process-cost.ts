import {readdirSync, readFileSync} from 'node:fs'

const TICKS_PER_SECOND = 100

/** What another process of this machine takes, as Linux tells it. */
export class ProcessCost {
  private readonly pid: number

  constructor(pid: number) {
    this.pid = pid
  }

  /** The child of this process that runs a program. */
  static ofChild(program: string): ProcessCost {
    for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
      const stat = statOf(Number(pid))
      if (stat && stat.name === program.slice(0, 15) && isBelow(Number(pid), process.pid)) return new ProcessCost(Number(pid))
    }
    throw new Error(`no ${program} runs here`)
  }

  cpuSeconds(): number {
    return statOf(this.pid)?.cpuSeconds ?? Number.NaN
  }

  rssMegabytes = (): number => this.kilobytes('VmRSS') / 1024
  peakMegabytes = (): number => this.kilobytes('VmHWM') / 1024

  async during(action: () => Promise<unknown>): Promise<{cpuSeconds: number; seconds: number}> {
    const before = this.cpuSeconds()
    const start = performance.now()
    await action()
    return {cpuSeconds: this.cpuSeconds() - before, seconds: (performance.now() - start) / 1000}
  }

  private kilobytes(field: string): number {
    return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1])
  }
}

function statOf(pid: number): {name: string; parent: number; cpuSeconds: number} | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'))
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return {name, parent: Number(fields[1]), cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND}
}

function isBelow(pid: number, ancestor: number): boolean {
  for (let at = statOf(pid)?.parent; at !== undefined && at > 1; at = statOf(at)?.parent) if (at === ancestor) return true
  return false
}
