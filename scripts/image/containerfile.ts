/** One instruction of a stage, with its flags (`--from=build`) apart. */
export interface Instruction {
  readonly name: 'WORKDIR' | 'COPY' | 'RUN' | 'ENV' | 'LABEL' | 'ENTRYPOINT' | 'CMD'
  readonly flags: ReadonlyMap<string, string>
  readonly rest: string
  readonly line: number
}

export interface Stage {
  readonly from: string
  readonly name: string | undefined
  readonly instructions: readonly Instruction[]
}

const KNOWN = new Set(['WORKDIR', 'COPY', 'RUN', 'ENV', 'LABEL', 'ENTRYPOINT', 'CMD'])

/**
 * Reads a Containerfile, as far as ours goes: no variables, no heredocs, no instructions but those above.
 *
 * @throws Error with the line of what is not understood; half an image must not be built
 * Source: Containerfile(5)
 */
export function parseContainerfile(text: string): Stage[] {
  const stages: {from: string; name: string | undefined; instructions: Instruction[]}[] = []
  for (const {line, text: instruction} of logicalLines(text)) {
    const [name = '', ...words] = instruction.split(/\s+/)
    if (name === 'FROM') {
      const [from = '', as, stageName] = words
      if (from === '' || (as !== undefined && as.toUpperCase() !== 'AS')) throw notUnderstood(line, instruction)
      stages.push({from, name: stageName, instructions: []})
      continue
    }
    const stage = stages.at(-1)
    if (!stage || !KNOWN.has(name)) throw notUnderstood(line, instruction)
    const flags = new Map<string, string>()
    let rest = instruction.slice(name.length).trim()
    for (let flag = /^--([a-z]+)=(\S+)\s+/.exec(rest); flag; flag = /^--([a-z]+)=(\S+)\s+/.exec(rest)) {
      flags.set(flag[1] as string, flag[2] as string)
      rest = rest.slice(flag[0].length)
    }
    stage.instructions.push({name: name as Instruction['name'], flags, rest, line})
  }
  return stages
}

const notUnderstood = (line: number, text: string): Error => new Error(`Containerfile:${line}: not understood here: ${text}`)

/** Lines without comments; a backslash at the end joins the next one. */
function* logicalLines(text: string): Generator<{line: number; text: string}> {
  let open: {line: number; text: string} | undefined
  for (const [index, source] of text.split('\n').entries()) {
    const trimmed = source.trim()
    if (trimmed.startsWith('#') || (trimmed === '' && !open)) continue
    const continues = trimmed.endsWith('\\')
    const piece = continues ? trimmed.slice(0, -1).trimEnd() : trimmed
    open = open ? {...open, text: `${open.text} ${piece}`} : {line: index + 1, text: piece}
    if (continues) continue
    yield open
    open = undefined
  }
  if (open) yield open
}

/** `KEY=value KEY="some value"` of ENV and LABEL. */
export function pairs(text: string): Record<string, string> {
  const found = [...text.matchAll(/([\w.-]+)=(?:"([^"]*)"|(\S*))/g)]
  return Object.fromEntries(found.map(([, key, quoted, bare]) => [key as string, quoted ?? bare ?? '']))
}
