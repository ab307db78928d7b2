import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {stringify} from 'yaml'
import {readAccessInPod} from '../../../agent/kubernetes/access.ts'
import {readAccessFromFile} from '../../../agent/kubernetes/kubeconfig.ts'
import {openApiServer} from '../../../agent/kubernetes/open-api-server.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

type Fields = Record<string, unknown>

const config = (cluster: Fields, user: Fields): Fields => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'two',
  contexts: [
    {name: 'one', context: {cluster: 'other', user: 'other'}},
    {name: 'two', context: {cluster: 'c', user: 'u', namespace: 'x'}},
  ],
  clusters: [
    {name: 'other', cluster: {server: 'https://other'}},
    {name: 'c', cluster: {server: 'https://10.0.0.1:6443', ...cluster}},
  ],
  users: [
    {name: 'other', user: {token: 'wrong'}},
    {name: 'u', user},
  ],
})

async function read(content: unknown, files: Record<string, string> = {}) {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'config')
  await writeFile(file, typeof content === 'string' ? content : stringify(content))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text)
  // Awaited here, or the folder would be gone first.
  const access = await readAccessFromFile(file)()
  return access
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('a kubeconfig file', () => {
  test('gives server, authority and token of its current context', async () => {
    const access = await read(config({'certificate-authority-data': base64('CA')}, {token: 'secret'}))
    expect(access).toEqual({server: new URL('https://10.0.0.1:6443'), token: 'secret', tls: {ca: 'CA'}})
  })

  test('names files beside it', async () => {
    const files = {'ca.pem': 'CA', 'c.pem': 'CERT', 'k.pem': 'KEY', t: 'token of a file\n'}
    const user = {'client-certificate': 'c.pem', 'client-key': 'k.pem', tokenFile: 't', token: 'older'}
    const access = await read(config({'certificate-authority': 'ca.pem', 'tls-server-name': 'api'}, user), files)
    expect(access.token).toBe('token of a file')
    expect(access.tls).toEqual({ca: 'CA', cert: 'CERT', key: 'KEY', servername: 'api'})
  })

  test('prefers data to files, and may ask not to check the server', async () => {
    const user = {'client-certificate': 'gone', 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY')}
    const {tls} = await read(config({'insecure-skip-tls-verify': true}, user))
    expect(tls).toEqual({cert: 'CERT', key: 'KEY', rejectUnauthorized: false})
  })

  test.each<{what: string; content: unknown; message: RegExp}>([
    {
      what: 'a program to run',
      content: config({}, {exec: {command: 'login'}}),
      message: /does not understand "exec" of the user/,
    },
    {what: 'a proxy', content: config({'proxy-url': 'http://p'}, {}), message: /does not understand "proxy-url" of the cluster/},
    {what: 'a password', content: config({}, {username: 'a', password: 'hush'}), message: /"username"/},
    {what: 'another identity', content: config({}, {token: 'hush', as: 'admin'}), message: /"as"/},
    {what: 'an old login', content: config({}, {'auth-provider': {name: 'oidc'}}), message: /"auth-provider"/},
    {what: 'half a certificate', content: config({}, {'client-key-data': base64('hush')}), message: /only one of client-cert/},
    {what: 'a token in the clear', content: config({server: 'http://10.0.0.1'}, {token: 'hush'}), message: /in the clear/},
    {what: 'no server', content: config({server: ''}, {}), message: /no server/},
    {what: 'a server that is none', content: config({server: 'ftp://x'}, {}), message: /"ftp:\/\/x" is no address/},
    {what: 'no context', content: {...config({}, {}), 'current-context': ''}, message: /no current-context/},
    {what: 'a context that is not there', content: {...config({}, {}), 'current-context': 'x'}, message: /no context "x"/},
    {what: 'a cluster that is not there', content: {...config({}, {}), clusters: null}, message: /no cluster "c"/},
    {what: 'a user that is not there', content: {...config({}, {}), users: 'hush'}, message: /no user "u"/},
    {what: 'a file that is not there', content: config({'certificate-authority': 'nowhere'}, {}), message: /nowhere/},
    {what: 'something else', content: '- hush', message: /no kubeconfig/},
    {what: 'nothing that can be parsed', content: 'token: "hush', message: /no YAML/},
  ])('with $what is refused in words', async ({content, message}) => {
    const error = await read(content).catch((error: unknown) => error)
    expect(error).toMatchObject({name: 'InputError', message: expect.stringMatching(message), next: expect.stringMatching(/\w/)})
    expect(`${String(error)} ${(error as {next: string}).next}`).not.toContain('hush')
  })

  test('that is not there is named', async () => {
    await expect(openApiServer({kubeconfig: '/nowhere/config'})).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringContaining('/nowhere/config'),
    })
  })
})

describe('a pod', () => {
  test('has its server in the environment and the rest in files', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'token'), 'mine\n')
    await writeFile(join(folder.path, 'ca.crt'), 'CA')
    const read = readAccessInPod({KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443'}, folder.path)
    expect(await read()).toEqual({server: new URL('https://[fd00::1]:6443'), token: 'mine', tls: {ca: 'CA'}})
    const elsewhere = readAccessInPod({KUBERNETES_SERVICE_HOST: '10.0.0.1'}, join(folder.path, 'gone'))
    await expect(elsewhere()).rejects.toMatchObject({name: 'InputError', next: expect.stringContaining('automount')})
  })

  test('is where the agent is, or it needs a kubeconfig', () => {
    expect(() => readAccessInPod({})).toThrow('this is no pod')
  })
})
