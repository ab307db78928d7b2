import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {anyShape} from '../../../plugin/kubernetes/answer-shapes.ts'
import {ask, open, PATH, startRecorder, ways} from '../../support/plugin/request-recorder.ts'
import type {TestServer} from '../../support/plugin/tls-server.ts'

describe('a login program', () => {
  const V1 = 'client.authentication.k8s.io/v1'

  /** Writes one that keeps what it was told. @param status JSON of the status, or shell that prints more */
  async function program(server: TestServer, lines: string, rest: object = {}): Promise<string> {
    const script = `#!/bin/sh\necho "$KUBERNETES_EXEC_INFO" >> "$(dirname "$0")/calls"\n${lines}\n`
    await writeFile(join(server.folder, 'login'), script, {mode: 0o755})
    const exec = {apiVersion: V1, command: './login', interactiveMode: 'IfAvailable', ...rest}
    return server.kubeconfig({}, {token: undefined, exec})
  }
  const prints = (status: object, apiVersion = V1): string =>
    `cat <<'END'\n${JSON.stringify({kind: 'ExecCredential', apiVersion, status})}\nEND`
  const callsOf = async (server: TestServer) =>
    (await readFile(join(server.folder, 'calls'), 'utf8'))
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))

  test('is run once for requests that come together, and is told what it asks for', async () => {
    await using server = await startRecorder()
    const file = await program(server, prints({token: 't'}), {provideClusterInfo: true})
    await using api = await open(file)
    await Promise.all([1, 2, 3].map(() => api.get(PATH, anyShape)))
    await api.get(PATH, anyShape)
    expect(server.seen).toEqual(Array.from({length: 4}, () => ['authorization: Bearer t']))
    const ca = (await readFile(server.caFile)).toString('base64')
    expect(await callsOf(server)).toEqual([
      {
        kind: 'ExecCredential',
        apiVersion: V1,
        spec: {cluster: {server: server.url, 'certificate-authority-data': ca}, interactive: false},
      },
    ])
  })

  test('is run again when what it gave has expired, and when the API server does not take it', async () => {
    let isRefusing = false
    await using server = await startRecorder({
      listener: (_, response) => response.writeHead(isRefusing ? 401 : 200, {'audit-id': '1'}).end('{}'),
    })
    const file = await program(server, prints({token: 't', expirationTimestamp: '2020-01-01T00:00:00Z'}))
    await using api = await open(file)
    await api.get(PATH, anyShape)
    await api.get(PATH, anyShape)
    expect(await callsOf(server)).toHaveLength(2)
    await program(server, prints({token: 'u', expirationTimestamp: '2999-01-01T00:00:00Z'}))
    await api.get(PATH, anyShape)
    await api.get(PATH, anyShape)
    expect(await callsOf(server)).toHaveLength(3)
    isRefusing = true
    await expect(api.get(PATH, anyShape)).rejects.toThrow('the API server does not know you')
    isRefusing = false
    await api.get(PATH, anyShape)
    expect(await callsOf(server)).toHaveLength(4)
  })

  // kubectl logs in before it serves.
  test('that lets people wait does not make a request wait longer than it may', async () => {
    await using server = await startRecorder()
    const file = await program(server, 'sleep 20')
    const asking = ask(file, {'request-timeout': '1s'})
    await expect(asking).rejects.toThrow('no answer of the API server within 1 s')
  })

  test('may give a certificate', async () => {
    await using server = await startRecorder({asksClient: true})
    const {cert, key} = await server.client('ann')
    await ask(await program(server, prints({clientCertificateData: cert, clientKeyData: key})))
    expect(server.seen).toEqual([['certificate of ann']])
  })

  test.each([
    {name: 'fails', lines: 'exit 3', says: 'exec: executable', more: 'failed with exit code 3'},
    {name: 'prints no JSON', lines: 'echo hello', says: 'getting credentials: ', more: 'decoding stdout'},
    {name: 'prints another version', lines: prints({token: 't'}, `${V1}beta1`), says: 'plugin returned version', more: V1},
    {name: 'has nothing', lines: prints({}), says: "exec plugin didn't return a token or cert/key pair", more: ''},
    {name: 'has half a pair', lines: prints({clientCertificateData: 'x'}), says: 'only certificate or key, not both', more: ''},
    {
      name: 'wants a terminal',
      lines: prints({token: 't'}),
      rest: {interactiveMode: 'Always'},
      says: 'exec plugin cannot support interactive mode',
      more: '',
    },
    {
      name: 'is missing',
      lines: '',
      rest: {command: 'no-such-login', installHint: 'Ask Bob.'},
      says: 'not found',
      more: 'Ask Bob.',
    },
  ])('that $name is told in the words of kubectl', async ({lines, rest = {}, says, more}) => {
    await using server = await startRecorder()
    const file = await program(server, lines, rest)
    for (const via of ways) {
      const error = await ask(file, {via}).catch((thrown: Error) => thrown.message)
      expect(error).toContain('the login program of the kubeconfig failed: getting credentials: ')
      expect(error).toContain(says)
      expect(error).toContain(more)
    }
    expect(server.seen).toEqual([])
  })
})
