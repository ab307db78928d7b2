import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {mayAskPerson} from '../../../plugin/kubernetes/may-ask.ts'
import {kubeconfigFor} from '../../support/plugin/fake-api-server.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

const exec = {apiVersion: 'client.authentication.k8s.io/v1', command: 'kubelogin', interactiveMode: 'IfAvailable'}
const flags = {'agent-namespace': 'kubectl-npm'}

test.each<[string, string, boolean]>([
  ['a token', kubeconfigFor('https://a', {token: 'exec'}), false],
  ['a login program that may ask', kubeconfigFor('https://a', {exec}), true],
  ['one that does not say', kubeconfigFor('https://a', {exec: {...exec, interactiveMode: undefined}}), true],
  ['one that never asks', kubeconfigFor('https://a', {exec: {...exec, interactiveMode: 'Never'}}), false],
  ['YAML', 'users:\n- name: me\n  user:\n    exec:\n      command: login\n', false],
  ['nothing that could be read', 'exec: [', false],
])('of a kubeconfig with %s', async (_, text, may) => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'config')
  await writeFile(file, text)
  expect(await mayAskPerson(flags, {KUBECONFIG: file})).toBe(may)
  expect(await mayAskPerson({...flags, kubeconfig: file}, {})).toBe(may)
})

test('the login program of another user than the one that is meant does not matter, that of a second file does', async () => {
  await using folder = await temporaryFolder()
  const [one, other] = [join(folder.path, 'one'), join(folder.path, 'other')]
  const {users} = JSON.parse(kubeconfigFor('https://a', {exec})) as {users: {name: string}[]}
  await writeFile(one, JSON.stringify({...JSON.parse(kubeconfigFor('https://a')), users: []}))
  await writeFile(other, JSON.stringify({users: [...users, {name: 'robot', user: {token: 't'}}]}))
  const KUBECONFIG = `${one}:${other}`
  expect(await mayAskPerson(flags, {KUBECONFIG})).toBe(true)
  expect(await mayAskPerson({...flags, user: 'robot'}, {KUBECONFIG})).toBe(false)
  expect(await mayAskPerson(flags, {KUBECONFIG: join(folder.path, 'none')})).toBe(false)
})
