import type {Problem, ProblemCode} from './problem.ts'

const SHOWN_OF_A_KIND = 20

/**
 * Collects problems. A damaged file of a million lines must not give a million problems, so only the first 20 of each code are
 * kept. The others are counted.
 */
export class ProblemList {
  private readonly problems: Problem[] = []
  private readonly counts = new Map<ProblemCode, number>()
  private readonly file: string | undefined

  constructor(file?: string) {
    this.file = file
  }

  add(problem: Problem): void {
    const count = (this.counts.get(problem.code) ?? 0) + 1
    this.counts.set(problem.code, count)
    if (count > SHOWN_OF_A_KIND) return
    this.problems.push(this.file === undefined || problem.file !== undefined ? problem : {file: this.file, ...problem})
  }

  /** The problems kept. For each code with more, one further problem states the number left out. */
  all(): Problem[] {
    const all = [...this.problems]
    for (const [code, count] of this.counts) {
      if (count <= SHOWN_OF_A_KIND) continue
      const last = all.findLast(problem => problem.code === code)
      if (!last) continue
      const {file, next} = last
      const message = `${count - SHOWN_OF_A_KIND} more problems of this kind are not shown`
      all.splice(all.lastIndexOf(last) + 1, 0, {code, message, next, ...(file !== undefined && {file})})
    }
    return all
  }
}

const SHOWN_FILES = 5

/**
 * Joins problems of many files that say the same: a backup of a thousand files with one object each must not give a thousand. The first 5
 * stay, and one more says in how many other files it is.
 */
export function joinRepeated(problems: readonly Problem[]): Problem[] {
  const filesOf = new Map<string, Set<string>>()
  const keyOf = ({code, message}: Problem): string => `${code} ${message}`
  const kept = problems.filter(problem => {
    if (problem.file === undefined) return true
    const files = filesOf.get(keyOf(problem)) ?? new Set()
    filesOf.set(keyOf(problem), files.add(problem.file))
    return files.size <= SHOWN_FILES
  })
  const more = [...filesOf].flatMap(([key, files]): Problem[] => {
    const last =
      files.size > SHOWN_FILES ? kept.findLast(problem => problem.file !== undefined && keyOf(problem) === key) : undefined
    if (!last) return []
    const {code, message, next} = last
    return [{code, message: `the same in ${files.size - SHOWN_FILES} more files: ${message}`, next}]
  })
  return [...kept, ...more]
}
