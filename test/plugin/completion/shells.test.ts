import {execFileSync, spawn} from 'node:child_process'
import {existsSync, mkdtempSync, rmSync, symlinkSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {stripVTControlCharacters} from 'node:util'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {builtPath} from '../../support/built-programs.ts'
import {patient} from '../../support/plugin/complete.ts'
import {fixture} from '../../support/plugin/run-cli.ts'

/** Words that are begun in real shells, with kubectl's own completion sourced there, and the key Tab. */

const BASH_COMPLETION = '/usr/share/bash-completion/bash_completion'
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-shell-'))
  symlinkSync(fixture('captures/v2-base36-nft'), join(folder, 'dump'))
})
afterAll(() => {
  rmSync(folder, {recursive: true})
})

const has = (shell: string): boolean => {
  try {
    execFileSync('which', [shell], {stdio: 'ignore'})
    return true
  } catch {
    return false
  }
}

/** A `describe` for tests in a shell, or the reason why it is skipped. */
function describeShell(shell: string, isThere: boolean, body: () => void): void {
  if (isThere) describe(shell, body)
  else if (process.env['KERNEL_TESTS'] === 'required') throw new Error(`tests in shells are required, but ${shell} is missing`)
  else describe.skip(`${shell} (skipped: it is not installed)`, body)
}

/** What is begun, and what Tab makes of it. */
const words = [
  {typed: 'unin', completed: 'uninstall '},
  {typed: 'translate --dir', completed: 'translate --direction '},
  {typed: 'translate --direction i', completed: 'translate --direction ingress '},
  {typed: 'trace --from dump bakery/led', completed: 'trace --from dump bakery/ledger-0 '},
  {typed: 'translate --from dump --policy=wholes', completed: 'translate --from dump --policy=wholesale/seasonal '},
  {typed: 'sets --from dump podlabel-app:ov', completed: 'sets --from dump podlabel-app:oven '},
  {typed: 'translate --from dump/ipset-s', completed: 'translate --from dump/ipset-save.txt '},
  {typed: 'translate --from=dump/iptables-s', completed: 'translate --from=dump/iptables-save.txt '},
]

const env = () => ({
  PATH: builtPath,
  HOME: folder,
  TERM: 'dumb',
  KUBECONFIG: '/no/such/kubeconfig',
  KUBERNETES_SERVICE_HOST: '',
  ...patient,
})

/** A shell on a terminal: what is typed, and what is seen. */
async function onScreen(shell: string, setup: string, typed: string, until: string): Promise<string> {
  const child = spawn('script', ['-qfec', shell, '/dev/null'], {cwd: folder, env: env(), stdio: ['pipe', 'pipe', 'ignore']})
  let seen = ''
  let look = () => {}
  child.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString()
    look()
  })
  const shown = () => stripVTControlCharacters(seen).replaceAll(/.\x08/g, '')
  const see = (text: string) =>
    new Promise<void>((resolve, reject) => {
      look = () => shown().includes(text) && resolve()
      look()
      child.once('close', () => reject(new Error(`the shell has ended, and "${text}" was not seen in: ${shown()}`)))
    })
  try {
    // The prompt is put together, so that it is not the command that is seen.
    child.stdin.write(`${setup}\nPS1='ready'\\>\n`)
    await see('ready>')
    child.stdin.write(`kubectl npm ${typed}\t`)
    await see(until)
    return shown()
  } finally {
    child.kill('SIGKILL')
  }
}

describeShell('bash', existsSync(BASH_COMPLETION) && has('script'), () => {
  test.each(words)('kubectl npm $typed', async ({typed, completed}) => {
    const setup = `source ${BASH_COMPLETION}; source <(kubectl completion bash)`
    expect(await onScreen('bash --norc --noprofile -i', setup, typed, completed)).toContain(`ready>kubectl npm ${completed}`)
  })
})

describeShell('zsh', has('zsh') && has('script'), () => {
  test.each(words)('kubectl npm $typed', async ({typed, completed}) => {
    const setup = 'autoload -U compinit; compinit -u -D; source <(kubectl completion zsh)'
    expect(await onScreen('zsh -f -i', setup, typed, completed)).toContain(`ready>kubectl npm ${completed}`)
  })
})

describeShell('fish', has('fish'), () => {
  test.each(words)('kubectl npm $typed', async ({typed, completed}) => {
    const script = 'kubectl completion fish | source; complete --do-complete "kubectl npm $argv"'
    const {stdout} = await execa('fish', ['--no-config', '-c', script, typed], {cwd: folder, env: env()})
    const [word] = stdout.split('\t')
    expect(word).toBe(completed.trim().split(' ').at(-1))
  })
})
