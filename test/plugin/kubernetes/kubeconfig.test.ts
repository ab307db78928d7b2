import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {execa} from 'execa'
import {describe, expect, test} from 'vitest'
import {choose} from '../../../plugin/kubernetes/kubeconfig/chosen.ts'
import {readKubeconfig} from '../../../plugin/kubernetes/kubeconfig/read-kubeconfig.ts'
import {proxyFromEnvironment} from '../../../plugin/kubernetes/library/proxy-choice.ts'
import {type TemporaryFolder, temporaryFolder} from '../../support/temporary-folder.ts'

/** Kubeconfigs are read as kubectl reads them: it is asked what it makes of the same files. */

const first = {
  clusters: [
    {name: 'both', cluster: {server: 'https://first'}},
    {name: 'one', cluster: {server: 'https://one', 'certificate-authority': 'ca.crt', 'insecure-skip-tls-verify': false}},
  ],
  users: [{name: 'me', user: {token: 'first'}}],
  contexts: [{name: 'here', context: {cluster: 'both', user: 'me', namespace: ''}}],
}
const second = {
  clusters: [{name: 'both', cluster: {server: 'https://second', 'tls-server-name': 'n', 'proxy-url': 'http://p'}}],
  users: [
    {name: 'me', user: {token: 'second', username: 'x'}},
    {
      name: 'files',
      user: {
        tokenFile: './token',
        'client-certificate': '../up/me.crt',
        'client-key': '/abs/me.key',
        as: 'a',
        'as-groups': ['g', 'h'],
        'as-uid': '7',
        'as-user-extra': {k: ['v', 'w']},
      },
    },
    {name: 'program', user: {exec: {command: './bin/login', apiVersion: 'client.authentication.k8s.io/v1beta1', args: ['-x']}}},
    {
      name: 'on path',
      user: {exec: {command: 'login', apiVersion: 'client.authentication.k8s.io/v1beta1', env: [{name: 'A', value: 'b'}]}},
    },
  ],
  contexts: [
    {name: 'here', context: {cluster: 'one', user: 'files'}},
    {name: 'there', context: {cluster: 'one', user: 'files', namespace: 'n'}},
  ],
  'current-context': 'there',
}
const third = {...first, 'current-context': 'here', preferences: {colors: true}, extensions: []}

async function write(folder: TemporaryFolder, files: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder.path, name)
    await mkdir(join(file, '..'), {recursive: true})
    await writeFile(
      file,
      typeof content === 'string' ? content : JSON.stringify({apiVersion: 'v1', kind: 'Config', ...(content as object)}),
    )
  }
}

/** As little as says the same: without what is empty, and by name. */
const plain = (entries: Iterable<readonly [string, object]>): unknown =>
  JSON.parse(
    JSON.stringify(Object.fromEntries(entries), (_, value: unknown) => {
      if (value === false || value === null || value === '') return undefined
      if (typeof value === 'object' && value !== null && Object.keys(value).length === 0) return undefined
      return value
    }),
  )

interface Viewed {
  readonly clusters?: readonly {name: string; cluster: object}[] | null
  readonly users?: readonly {name: string; user: object}[] | null
  readonly contexts?: readonly {name: string; context: object}[] | null
  readonly 'current-context'?: string
}

describe('files are read as kubectl reads them', () => {
  const yaml = `# by hand
apiVersion: v1
kind: Config
clusters:
- name: plain
  cluster:
    server: https://127.0.0.1:6443/
    extensions:
    - name: client.authentication.k8s.io/exec
      extension: {audience: x}
users: null
contexts:
- {name: ctx, context: {cluster: plain, user: nobody}}
current-context: "ctx"
`
  test.each<{name: string; files: Record<string, unknown>; list: string}>([
    {name: 'one', files: {a: second}, list: 'a'},
    {name: 'several, of which the first wins', files: {a: first, b: second}, list: 'a:b'},
    {name: 'the other way round', files: {a: first, b: second}, list: 'b:a'},
    {name: 'the first current context', files: {a: first, 'sub/b': second, c: third}, list: 'a:sub/b:c:a'},
    {name: 'one that is missing, and one that is empty', files: {a: first, empty: '', b: second}, list: 'missing:empty:b::a'},
    {name: 'YAML', files: {a: yaml, b: second}, list: 'a:b'},
  ])('$name', async ({files, list}) => {
    await using folder = await temporaryFolder()
    await write(folder, files)
    const KUBECONFIG = list
      .split(':')
      .map(name => name && join(folder.path, name))
      .join(':')
    const {stdout} = await execa('kubectl', ['config', 'view', '--raw', '-o', 'json'], {env: {KUBECONFIG}})
    const viewed = JSON.parse(stdout) as Viewed
    const read = await readKubeconfig({}, {KUBECONFIG})
    expect(plain(read.contexts)).toEqual(plain((viewed.contexts ?? []).map(({name, context}) => [name, context])))
    expect(read.currentContext).toBe(viewed['current-context'] || undefined)
    // kubectl prints paths as they are written; it reads them from the folder of the file.
    const base = join(folder.path, list.includes('sub') ? 'sub' : '')
    const absolute = (text: string) =>
      JSON.parse(
        text
          .replaceAll('"ca.crt"', JSON.stringify(join(folder.path, 'ca.crt')))
          .replaceAll('"./token"', JSON.stringify(join(base, 'token')))
          .replaceAll('"../up/me.crt"', JSON.stringify(join(base, '../up/me.crt')))
          .replaceAll('"./bin/login"', JSON.stringify(join(base, 'bin/login'))),
      ) as Viewed
    const {clusters, users} = absolute(stdout)
    expect(plain(read.clusters)).toEqual(plain((clusters ?? []).map(({name, cluster}) => [name, cluster])))
    const withoutDefault = ([name, user]: readonly [string, object]) =>
      [name, JSON.parse(JSON.stringify(user).replace(',"interactiveMode":"IfAvailable"', ''))] as const
    expect(plain([...read.users].map(withoutDefault))).toEqual(
      plain((users ?? []).map(({name, user}) => withoutDefault([name, user]))),
    )
  })

  test('the one of the home folder counts when nothing names another', async () => {
    await using folder = await temporaryFolder()
    await write(folder, {'.kube/config': second})
    expect((await readKubeconfig({}, {HOME: folder.path})).currentContext).toBe('there')
    expect((await readKubeconfig({}, {HOME: join(folder.path, 'no')})).contexts.size).toBe(0)
    expect((await readKubeconfig({kubeconfig: join(folder.path, '.kube/config')}, {KUBECONFIG: '/no'})).currentContext).toBe(
      'there',
    )
  })
})

describe('of a kubeconfig', () => {
  const chosen = async (flags: object) => {
    await using folder = await temporaryFolder()
    await write(folder, {a: first, b: second})
    const config = await readKubeconfig({}, {KUBECONFIG: `${folder.path}/a:${folder.path}/b`})
    return choose(config, {'agent-namespace': 'n', ...flags}, {})
  }

  test('flags choose context, cluster and user, each for itself', async () => {
    expect(await chosen({})).toMatchObject({cluster: {server: 'https://one'}, user: {name: 'files'}})
    expect(await chosen({context: 'here'})).toMatchObject({cluster: {server: 'https://first'}, user: {token: 'first'}})
    expect(await chosen({cluster: 'both'})).toMatchObject({cluster: {server: 'https://first'}, user: {name: 'files'}})
    expect(await chosen({user: 'me'})).toMatchObject({cluster: {server: 'https://one'}, user: {token: 'first'}})
  })

  test('flags say as whom, over what the kubeconfig says', async () => {
    expect((await chosen({})).user).toMatchObject({as: 'a', 'as-groups': ['g', 'h'], 'as-uid': '7'})
    expect((await chosen({as: 'b', 'as-group': ['i']})).user).toMatchObject({as: 'b', 'as-groups': ['i'], 'as-uid': '7'})
    await expect(chosen({user: 'me', 'as-group': ['i']})).rejects.toThrow('without impersonating a user')
  })
})

test('no kubeconfig, and no pod either, is told', async () => {
  const config = await readKubeconfig({}, {KUBECONFIG: '/no/such'})
  const flags = {'agent-namespace': 'n'}
  expect(() => choose(config, flags, {})).toThrow('nothing says which cluster')
  // A pod without its account.
  expect(() => choose(config, flags, {KUBERNETES_SERVICE_HOST: '10.0.0.1'})).toThrow('nothing says which cluster')
  expect(() => choose(config, {...flags, context: 'x'}, {})).toThrow('context "x" does not exist')
})

describe('the proxy of the environment', () => {
  const HTTPS_PROXY = 'http://proxy:3128'
  test.each<{server: string; env: Record<string, string>; proxy: string | undefined}>([
    {server: 'https://api.example.com:6443', env: {HTTPS_PROXY}, proxy: HTTPS_PROXY},
    {server: 'https://api.example.com', env: {https_proxy: 'proxy:3128'}, proxy: HTTPS_PROXY},
    {server: 'https://api.example.com', env: {HTTP_PROXY: HTTPS_PROXY}, proxy: undefined},
    {server: 'http://api.example.com', env: {HTTP_PROXY: HTTPS_PROXY}, proxy: HTTPS_PROXY},
    {server: 'https://api.example.com', env: {HTTPS_PROXY, https_proxy: 'http://other'}, proxy: HTTPS_PROXY},
    {server: 'https://127.0.0.1:6443', env: {HTTPS_PROXY}, proxy: undefined},
    {server: 'https://[::1]:6443', env: {HTTPS_PROXY}, proxy: undefined},
    {server: 'https://localhost', env: {HTTPS_PROXY}, proxy: undefined},
    ...[
      'api.example.com',
      'example.com',
      '.example.com',
      '*.example.com',
      'EXAMPLE.com',
      '*',
      'other.org, example.com ',
      'api.example.com:6443',
    ].map(NO_PROXY => ({server: 'https://api.example.com:6443', env: {HTTPS_PROXY, NO_PROXY}, proxy: undefined})),
    ...['ample.com', 'api.example.com:443', 'x.api.example.com', '.api.example.com', '', ',', '10.0.0.0/8'].map(NO_PROXY => ({
      server: 'https://api.example.com:6443',
      env: {HTTPS_PROXY, NO_PROXY},
      proxy: HTTPS_PROXY,
    })),
    ...['10.1.2.3', '10.0.0.0/8', '10.1.2.3:443'].map(no_proxy => ({
      server: 'https://10.1.2.3',
      env: {HTTPS_PROXY, no_proxy},
      proxy: undefined,
    })),
    ...['10.1.2.4', '10.1.0.0/30', '10.1.2.3:444', '0.0.0.0/x', '10.0.0.0/99'].map(NO_PROXY => ({
      server: 'https://10.1.2.3',
      env: {HTTPS_PROXY, NO_PROXY},
      proxy: HTTPS_PROXY,
    })),
    ...['fd00::/8', 'fd00::1', '[fd00::1]', '[fd00::1]:443'].map(NO_PROXY => ({
      server: 'https://[fd00::1]',
      env: {HTTPS_PROXY, NO_PROXY},
      proxy: undefined,
    })),
  ])('for $server with $env is $proxy', ({server, env, proxy}) => {
    expect(proxyFromEnvironment(new URL(server), env)).toBe(proxy)
  })
})
