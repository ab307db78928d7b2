import {execa} from 'execa'

export interface Completions {
  /** By what could stand there: what there is to say of it. */
  readonly items: Readonly<Record<string, string>>
  readonly directive: number
}

/** On a busy machine kubectl alone may need the two seconds that a person waits. */
export const patient = {KUBECTL_NPM_COMPLETION_SECONDS: '60'}

/** Asks kubectl as a shell does, but with time. */
export async function complete(path: string, words: readonly string[], env: Record<string, string> = {}): Promise<Completions> {
  const {stdout} = await execa('kubectl', ['__complete', 'npm', ...words], {
    env: {PATH: path, KUBECONFIG: '/no/such/kubeconfig', KUBERNETES_SERVICE_HOST: '', ...patient, ...env},
    input: '',
  })
  return read(stdout)
}

export function read(stdout: string): Completions {
  const lines = stdout.split('\n')
  const [, directive] = /^:(\d+)$/.exec(lines.pop() ?? '') ?? []
  if (directive === undefined) throw new Error(`no directive at the end of: ${stdout}`)
  return {
    items: Object.fromEntries(lines.map(line => [line.split('\t')[0], line.split('\t')[1] ?? ''])),
    directive: Number(directive),
  }
}
