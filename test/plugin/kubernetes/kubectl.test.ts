import {once} from 'node:events'
import {chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {createServer, request as httpRequest} from 'node:http'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import {kubectlCommand, oneLine, startKubectl} from '../../../plugin/kubernetes/kubectl.ts'
import {runProgram} from '../../../plugin/programs/program.ts'
import {kubeconfigFor, startFakeApiServer} from '../../support/plugin/fake-api-server.ts'
import {processesOf, until} from '../../support/plugin/own-processes.ts'
import {runCli} from '../../support/plugin/run-cli.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-kubectl-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, {recursive: true, force: true})
})

/** A kubectl that is a script of the test. */
function fakeKubectl(script: string, name = 'kubectl'): string {
  const file = join(folder, name)
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return file
}

describe('kubectl', () => {
  test.each(['kubectl', 'my kubectl', "it's; echo $(date)", '-n'])(
    'called %s is run, with its arguments as they are',
    async name => {
      vi.stubEnv('KUBECTL', fakeKubectl('printf "%s\\n" "$#" "$@"; echo said >&2; exit 3', name))
      const args = ['', ' a  b ', '$HOME', '`id`', "'", '"', '*', '-c']
      const {stdout, stderr, ended, code} = await runProgram(kubectlCommand(), args)
      expect(stdout.split('\n')).toEqual([String(args.length), ...args])
      expect([stderr, ended, code]).toEqual(['said', 'exit code 3', undefined])
    },
  )

  test('is found on PATH, past what is no program', async () => {
    mkdirSync(join(folder, 'first/kubectl-of-test'), {recursive: true})
    mkdirSync(join(folder, 'second'))
    writeFileSync(join(folder, 'second/kubectl-of-test'), '')
    fakeKubectl('echo found', 'kubectl-of-test')
    vi.stubEnv('KUBECTL', 'kubectl-of-test')
    vi.stubEnv('PATH', `${folder}/no:${folder}/first:${folder}/second:${folder}:/usr/bin:/bin`)
    expect(await runProgram(kubectlCommand(), [])).toMatchObject({stdout: 'found', ended: 'exit code 0'})
  })

  test.each([
    {kubectl: '/no/kubectl', code: 'ENOENT'},
    {kubectl: 'no-such-kubectl', code: 'ENOENT'},
    {kubectl: '/etc/passwd', code: 'EACCES'},
    {kubectl: '/etc', code: 'ENOENT'},
  ])('that is $kubectl is $code', async ({kubectl, code}) => {
    vi.stubEnv('KUBECTL', kubectl)
    expect(await runProgram(kubectlCommand(), [])).toMatchObject({code, stderr: ''})
  })

  test('that ends by itself takes its guard along', async () => {
    vi.stubEnv('KUBECTL', fakeKubectl('exit 0'))
    await using kubectl = await startKubectl([join(folder, 'argument')])
    expect(await kubectl.closed).toBeUndefined()
    expect(kubectl.ended()).toBe('exit code 0')
    await until(() => processesOf(folder).length === 0)
  })

  test.each([{isDetached: false}, {isDetached: true}])('that is disposed of is gone, and its guard: %j', async options => {
    vi.stubEnv('KUBECTL', fakeKubectl('trap "" TERM; echo ready; while :; do sleep 1; done'))
    const kubectl = await startKubectl([join(folder, 'argument')], options)
    await new Promise(resolve => kubectl.stdout.once('data', resolve))
    await kubectl[Symbol.asyncDispose]()
    expect(kubectl.ended()).toBe('SIGKILL')
    await until(() => processesOf(folder).length === 0)
  })

  test('has the line feeds of its reason joined, and no hint at its own help', () => {
    expect(oneLine("error: no\n\n  more\nSee 'kubectl proxy --help' for usage.\n")).toBe('error: no; more')
    expect(oneLine('\n')).toBe('')
  })
})

describe('what kubectl says cannot reach the terminal as it is', () => {
  const EVIL = '\\033[2Jgone \\033]0;title\\007 \\302\\233 \\342\\200\\256'
  const says = `printf '${EVIL}\\n' >&2`

  test.each<{name: string; script: string; args: string[]}>([
    {name: 'a reason not to start', script: `printf 'error: ${EVIL}\\n' >&2; exit 1`, args: ['translate']},
    {name: 'words of a login program, and an end', script: `${says}; exit 1`, args: ['translate']},
    {name: 'the rest of a line', script: `printf '${EVIL}' >&2; exit 1`, args: ['diff']},
    {
      name: 'its log, shown',
      script: `printf 'E1127 08:27:52.833154   20498 proxy_server.go:147] ${EVIL}\\n' >&2; exit 1`,
      args: ['translate', '-v'],
    },
    {
      name: 'a line that says where it serves',
      script: `printf 'Starting to serve on ${EVIL}\\n'; ${says}; sleep 1`,
      args: ['translate'],
    },
    {name: 'output in place of that', script: `printf '${EVIL}\\n'; ${says}; exit 1`, args: ['status']},
  ])('$name', async ({script, args}) => {
    await using api = await startFakeApiServer({agents: {}})
    const {stdout, stderr} = await runCli(args, {env: {...api.env, KUBECTL: fakeKubectl(script)}})
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    expect([stdout, stderr.length > 0]).toEqual(['', true])
  })

  test('of the port-forward', async () => {
    const script = `case "$1" in port-forward) ${says}; exit 1 ;; esac; exec kubectl "$@"`
    await using api = await startFakeApiServer({agents: {'aks-1': undefined}})
    // Something on the way that knows no WebSockets.
    const relay = createServer((request, response) => {
      const {method = '', url, headers} = request
      const asked = httpRequest(api.url + url, {method, headers}, answer => {
        response.writeHead(answer.statusCode as number, answer.headers)
        answer.pipe(response)
      })
      request.pipe(asked)
    })
    relay.on('upgrade', (_, socket) => socket.end('HTTP/1.1 502 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'))
    await once(relay.listen(0, '127.0.0.1'), 'listening')
    writeFileSync(api.env.KUBECONFIG, kubeconfigFor(`http://127.0.0.1:${(relay.address() as AddressInfo).port}`))
    const {stderr} = await runCli(['translate'], {env: {...api.env, KUBECTL: fakeKubectl(script)}})
    const without = await runCli(['translate', '--via', 'library'], {env: api.env})
    expect(without.stderr).toContain('knows no WebSockets. kubectl knows another way: --via kubectl')
    relay.closeAllConnections()
    relay.close()
    expect(stderr).toContain('kubectl port-forward failed: \\x1b[2Jgone')
    expect(stderr).not.toContain('\u001b')
  })
})
