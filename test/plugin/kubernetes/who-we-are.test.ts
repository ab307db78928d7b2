import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {anyShape} from '../../../plugin/kubernetes/answer-shapes.ts'
import type {ClusterFlags} from '../../../plugin/kubernetes/flags.ts'
import {ask, open, PATH, startRecorder, ways, whoIn} from '../../support/plugin/request-recorder.ts'
import {startTestServer} from '../../support/plugin/tls-server.ts'

/** Who the API server sees. Servers and certificates are real; kubectl is, too, where both ways are asked. */

describe.each(ways)('via %s, the API server sees', via => {
  test.each<{name: string; user: object; flags?: Partial<ClusterFlags>; sees: string[]}>([
    {name: 'a token', user: {}, sees: ['authorization: Bearer secret']},
    {
      name: 'a name and a password',
      user: {token: undefined, username: 'ann', password: 'p:w'},
      sees: [`authorization: Basic ${Buffer.from('ann:p:w').toString('base64')}`],
    },
    {
      name: 'a user, a uid, groups and more in the place of our own',
      user: {as: 'bob', 'as-uid': '7', 'as-groups': ['one', 'two, three'], 'as-user-extra': {'a/b': ['x', 'y']}},
      sees: [
        'authorization: Bearer secret',
        'impersonate-extra-a%2fb: x',
        'impersonate-extra-a%2fb: y',
        'impersonate-group: one',
        'impersonate-group: two, three',
        'impersonate-uid: 7',
        'impersonate-user: bob',
      ],
    },
    {
      name: 'what flags say',
      user: {as: 'bob', 'as-groups': ['one']},
      flags: {as: 'eve', 'as-group': ['g', 'h'], 'as-uid': '8'},
      sees: [
        'authorization: Bearer secret',
        'impersonate-group: g',
        'impersonate-group: h',
        'impersonate-uid: 8',
        'impersonate-user: eve',
      ],
    },
  ])('$name', async ({user, flags = {}, sees}) => {
    await using server = await startRecorder()
    await ask(await server.kubeconfig({}, user), {...flags, via})
    expect(server.seen).toEqual([sees])
  })

  test('a certificate, from files and from the kubeconfig itself', async () => {
    await using server = await startRecorder({asksClient: true})
    const {cert, key} = await server.client('ann')
    const files = {token: undefined, 'client-certificate': 'clients/ann.crt', 'client-key': 'clients/ann.key'}
    await ask(await server.kubeconfig({}, files), {via})
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    const data = {token: undefined, 'client-certificate-data': base64(cert), 'client-key-data': base64(key)}
    const ca = base64(await readFile(server.caFile, 'utf8'))
    const cluster = {'certificate-authority': undefined, 'certificate-authority-data': ca}
    await ask(await server.kubeconfig(cluster, data), {via})
    expect(server.seen).toEqual([['certificate of ann'], ['certificate of ann']])
  })

  test('names in all letters', async () => {
    await using server = await startRecorder()
    await ask(await server.kubeconfig(), {via, as: 'jürgen', 'as-group': ['Ωmega', '名']})
    const sent = server.seen.flat().map(line => Buffer.from(line, 'latin1').toString())
    expect(sent).toEqual([
      'authorization: Bearer secret',
      ...['Ωmega', '名'].map(name => `impersonate-group: ${name}`),
      'impersonate-user: jürgen',
    ])
  })

  test('us, when the authority of the kubeconfig is not the highest one', async () => {
    await using server = await startRecorder({isBelow: true})
    await ask(await server.kubeconfig(), {via})
    expect(server.seen).toEqual([['authorization: Bearer secret']])
  })

  test('no secret where anybody could read it', async () => {
    await using server = await startTestServer({
      listener: (request, response) => {
        seen.push(...whoIn(request))
        response.end('{}')
      },
    })
    const seen: string[] = []
    await ask(await server.kubeconfig(), {via})
    expect(seen).toEqual([])
  })

  test('its own name, where the kubeconfig has another', async () => {
    await using server = await startRecorder({subject: {ips: ['10.0.0.1']}})
    await ask(await server.kubeconfig({'tls-server-name': '10.0.0.1'}), {via})
    await ask(await server.kubeconfig({'insecure-skip-tls-verify': true, 'certificate-authority': undefined}), {via})
    expect(server.seen).toHaveLength(2)
  })
})

describe('files that change', () => {
  test('a token is read again', async () => {
    await using server = await startRecorder()
    const file = join(server.folder, 'token')
    await writeFile(file, 'first\n')
    await using api = await open(await server.kubeconfig({}, {token: undefined, tokenFile: 'token'}))
    await api.get(PATH, anyShape)
    await writeFile(file, 'second\n')
    await api.get(PATH, anyShape)
    // While it is replaced, the last one counts.
    await writeFile(file, '')
    await api.get(PATH, anyShape)
    expect(server.seen).toEqual(['first', 'second', 'second'].map(token => [`authorization: Bearer ${token}`]))
  })

  test('a certificate is read again', async () => {
    await using server = await startRecorder({asksClient: true})
    const [ann, bob] = [await server.client('ann'), await server.client('bob')]
    const user = {token: undefined, 'client-certificate': 'clients/ann.crt', 'client-key': 'clients/ann.key'}
    await using api = await open(await server.kubeconfig({}, user))
    await api.get(PATH, anyShape)
    await writeFile(ann.certFile, bob.cert)
    await writeFile(ann.keyFile, bob.key)
    await api.get(PATH, anyShape)
    expect(server.seen).toEqual([['certificate of ann'], ['certificate of bob']])
  })
})

describe('a login of OpenID Connect', () => {
  const tokenUntil = (exp: number) =>
    ['{}', JSON.stringify({exp}), 'x'].map(part => Buffer.from(part).toString('base64url')).join('.')
  const userWith = (config: object) => ({token: undefined, 'auth-provider': {name: 'oidc', config}})
  const issuer = {'client-id': 'me', 'idp-issuer-url': 'https://127.0.0.1:1'}

  test.each(ways)('is taken as long as its token is good: %s', async via => {
    await using server = await startRecorder()
    const token = tokenUntil(Date.now() / 1000 + 600)
    await ask(await server.kubeconfig({}, userWith({...issuer, 'id-token': token})), {via})
    expect(server.seen).toEqual([[`authorization: Bearer ${token}`]])
  })

  test.each([{...issuer, 'id-token': tokenUntil(1)}, issuer])('is told when it is not: %j', async config => {
    await using server = await startRecorder()
    const file = await server.kubeconfig({}, userWith(config))
    await expect(ask(file)).rejects.toThrow('the id-token of the kubeconfig has expired, and only kubectl refreshes it')
    await expect(ask(file, {via: 'kubectl'})).rejects.toThrow('cannot refresh without refresh-token')
  })
})

test('a certificate that is none is told, also before a proxy', async () => {
  await using server = await startRecorder()
  const user = {'client-certificate': 'kubeconfig', 'client-key': 'kubeconfig'}
  for (const cluster of [{}, {'proxy-url': 'http://127.0.0.1:1'}])
    await expect(ask(await server.kubeconfig(cluster, user))).rejects.toThrow(
      'tls: the client certificate and its key cannot be used',
    )
})
