import {setScheme} from '../names/kernel-name.ts'
import type {FreeText} from '../renaming/free-text.ts'
import type {KernelNames} from '../renaming/kernel-names.ts'

/** Metrics of programs whose code is public: their names and their help say nothing about a cluster. */
const KNOWN_METRIC = /^(?:npm|go|process|promhttp|rest_client|workqueue|controller_runtime|azure_npm)_\w+$/
const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?( [^ ]+(?: -?\d+)?)\s*$/
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g
const COMMENT = /^# (?:HELP|TYPE) (\S+) /
/** Labels whose values come from the program, not from the cluster. */
const KEPT_LABELS = new Set(['le', 'quantile', 'had_error', 'operation', 'code', 'method', 'result', 'error_code', 'is_nested'])

/** Rewrites metrics in Prometheus' text format, line by line. */
export class MetricsText {
  private readonly names: KernelNames
  private readonly freeText: FreeText

  constructor(names: KernelNames, freeText: FreeText) {
    this.names = names
    this.freeText = freeText
  }

  /** @returns undefined for a line that is left out */
  rewrite(line: string): string | undefined {
    if (line === '') return line
    const comment = COMMENT.exec(line)
    if (comment) return KNOWN_METRIC.test(comment[1] as string) ? line : undefined
    const parts = LINE.exec(line)
    const name = parts?.[1] as string
    if (!parts || !KNOWN_METRIC.test(name)) return undefined
    return parts[2] === undefined ? line : `${name}{${this.labels(parts[2])}}${parts[3]}`
  }

  private labels(text: string): string {
    const values = new Map([...text.matchAll(LABEL)].map(([, label, value]) => [label as string, plain(value as string)]))
    const hash = values.get('set_hash')
    const renamed = [...values].map(([label, value]) => `${label}="${escaped(this.value(label, value, hash))}"`)
    return renamed.join(',')
  }

  private value(label: string, value: string, hash: string | undefined): string {
    if (label === 'set_hash') return this.names.set(value)
    if (label === 'set_name') return this.setName(value, hash ?? '')
    return KEPT_LABELS.has(label) && /^[\w.+-]*$/.test(value) ? value : this.freeText.rewrite(value)
  }

  private setName(name: string, hash: string): string {
    const known = this.names.namesOf(hash).find(each => each.name === name)
    if (known) return this.names.renameSet(known)
    return setScheme(hash) === undefined ? this.freeText.rewrite(name) : this.freeText.setName(name)
  }
}

const plain = (text: string): string => text.replaceAll(/\\(.)/g, '$1')
const escaped = (text: string): string => text.replaceAll(/["\\]/g, '\\$&')
