import type {Reporter, TestModule} from 'vitest/node'

/** Ends a run with one plain line that counts its tests, for programs that read the output. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap(module => [...module.children.allTests()])
    const count = (state: string) => tests.filter(test => test.result().state === state).length
    // A file that cannot be loaded has no tests; it must not pass for nothing.
    const broken = modules.filter(module => module.state() === 'failed' && module.errors().length > 0).length
    process.stdout.write(`${count('passed')} passed, ${count('failed') + broken} failed, ${count('skipped')} skipped\n`)
  }
}
