import {describe, expect, test} from 'vitest'
import {apiErrorOf} from '../../../plugin/kubernetes/api-error.ts'
import {kubectlArguments, requestTimeoutMs} from '../../../plugin/kubernetes/flags.ts'
import {hasKubeconfig} from '../../../plugin/kubernetes/kubeconfig.ts'
import {ProxyStderr} from '../../../plugin/kubernetes/proxy-stderr.ts'

describe('flags', () => {
  test('go to kubectl as they are', () => {
    const flags = {kubeconfig: '/k', context: 'c', cluster: 'd', user: 'u', as: 'a', 'as-group': ['g', 'h i'], 'as-uid': '7'}
    expect(kubectlArguments({...flags, 'agent-namespace': 'n', 'request-timeout': '1s'})).toEqual([
      '--kubeconfig=/k',
      '--context=c',
      '--cluster=d',
      '--user=u',
      '--as=a',
      '--as-uid=7',
      '--as-group=g',
      '--as-group=h i',
    ])
  })

  test.each([
    [undefined, undefined],
    ['0', undefined],
    ['0s', undefined],
    ['5', 5000],
    ['1m30s', 90_000],
    ['1.5s', 1500],
    ['250ms', 250],
    ['2h', 7_200_000],
  ])('--request-timeout %s is %s ms', (text, expected) => {
    expect(requestTimeoutMs(text)).toBe(expected)
  })

  test.each(['', 'soon', '-1', '1d', '1s2'])('--request-timeout %j is refused', text => {
    expect(() => requestTimeoutMs(text)).toThrow('is no duration')
  })

  test('a kubeconfig is there when one of the files that are named is', () => {
    expect(hasKubeconfig({}, {KUBECONFIG: '/no/such', HOME: '/'})).toBe(false)
    expect(hasKubeconfig({}, {KUBECONFIG: `/no/such:${import.meta.filename}`})).toBe(true)
    expect(hasKubeconfig({}, {HOME: '/no/such'})).toBe(false)
    // That a file is missing is kubectl's to say.
    expect(hasKubeconfig({kubeconfig: '/no/such'}, {})).toBe(true)
  })
})

describe('what kubectl proxy says', () => {
  const serving = () => {
    const logged: string[] = []
    const words = new ProxyStderr(line => logged.push(line))
    words.isServing = true
    return {words, logged}
  }
  const line = 'E1127 08:27:52.833154   20498 proxy_server.go:147] Error while proxying request: EOF\n'

  test('before it serves, about itself, is kept for the error', () => {
    const words = new ProxyStderr()
    expect(words.add('err')).toBe('')
    expect(words.add('or: context "x" does not exist\nSee ')).toBe('')
    expect(words.add("'kubectl proxy --help' for usage.\n")).toBe('')
    expect(words.why()).toBe('error: context "x" does not exist\nSee \'kubectl proxy --help\' for usage.')
  })

  test.each([false, true])('of a login program is shown also before it serves: %j', isServing => {
    const words = new ProxyStderr()
    words.isServing = isServing
    expect(words.add('Sign in with code ABC: ')).toBe('Sign in with code ABC: ')
    expect(words.add('ok\nerrors are possible\n')).toBe('ok\nerrors are possible\n')
    expect(words.why()).toBe('')
  })

  test('a question of a login program is shown at once, without a line feed', () => {
    const {words} = serving()
    expect(words.add('To sign in, open https://login and enter E1: ')).toBe('To sign in, open https://login and enter E1: ')
    expect(words.add('Enter code: ')).toBe('Enter code: ')
  })

  test('its log is left out, also in pieces and between other words', () => {
    const {words, logged} = serving()
    expect(words.add(line)).toBe('')
    expect(words.add(`hello\n${line.slice(0, 20)}`)).toBe('hello\n')
    expect(words.add(`${line.slice(20)}world\n`)).toBe('world\n')
    expect(logged).toEqual([line, line])
  })
})

describe('a missing right', () => {
  const at = (method: string, path: string, message = '') =>
    apiErrorOf(403, JSON.stringify({message, reason: 'Forbidden'}), {method, path, agentNamespace: 'kubectl-npm'})

  test.each([
    ['GET', '/api/v1/namespaces/kubectl-npm/pods?labelSelector=a', {verb: 'list', resource: 'pods', namespace: 'kubectl-npm'}],
    ['GET', '/api/v1/namespaces/shop/pods/web', {verb: 'get', resource: 'pods', name: 'web', namespace: 'shop'}],
    ['GET', '/api/v1/namespaces/x', {verb: 'get', resource: 'namespaces', name: 'x'}],
    ['GET', '/api/v1/nodes', {verb: 'list', resource: 'nodes'}],
    [
      'POST',
      '/api/v1/namespaces/kubectl-npm/serviceaccounts/npm-operator/token',
      {verb: 'create', resource: 'serviceaccounts/token', name: 'npm-operator', namespace: 'kubectl-npm'},
    ],
    ['DELETE', '/apis/apps/v1/namespaces/a/daemonsets/b', {verb: 'delete', resource: 'daemonsets', name: 'b', namespace: 'a'}],
  ])('of %s %s is known', (method, path, expected) => {
    expect(at(method, path).missing).toEqual(expected)
  })

  test('is the one that the API server names: a port-forward needs two', () => {
    const path = '/api/v1/namespaces/kubectl-npm/pods/npm-agent-x/portforward?ports=1'
    const {missing, next} = at('GET', path, 'User "bob" cannot create resource "pods/portforward" in API group ""')
    expect(missing).toMatchObject({verb: 'create', resource: 'pods/portforward'})
    expect(next).toContain('Role kubectl-npm-viewer has it')
    expect(next).toContain('--role=kubectl-npm-viewer --user=bob')
  })

  test('to write is in the role of operators, and others are for an administrator', () => {
    expect(at('POST', '/api/v1/namespaces/kubectl-npm/serviceaccounts/npm-operator/token').next).toContain('kubectl-npm-operator')
    expect(at('GET', '/api/v1/nodes').next).toContain('Ask an administrator')
    const {next} = at(
      'GET',
      '/api/v1/namespaces/kubectl-npm/pods',
      'User "system:serviceaccount:ci:bot" cannot list resource "pods"',
    )
    expect(next).toContain('--serviceaccount=ci:bot')
  })
})
