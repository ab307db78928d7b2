import {writeFile} from 'node:fs/promises'
import {createServer} from 'node:net'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {kubectlNpm} from '../../../support/built-programs.ts'
import {describeWhere} from '../../../support/describe-where.ts'
import {kubeconfigFor, startFakeApiServer} from '../../../support/plugin/fake-api-server.ts'
import {PlayedNode, startPlayedAgent} from '../../../support/plugin/played-node.ts'
import {missingTmux, openTerminal, settings, type Terminal} from '../../../support/plugin/tmux.ts'
import {temporaryFolder} from '../../../support/temporary-folder.ts'

/** The screen before anything of a cluster is known. */

const OPEN = {isAlternate: true, hasCursor: false, hasMouse: true}
const SHELL = {isAlternate: false, hasCursor: true, hasMouse: false}

/** A server that takes connections, and says nothing. */
async function startSilentServer() {
  const server = createServer(() => {})
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const {port} = server.address() as {port: number}
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}

async function kubeconfig(url: string) {
  const folder = await temporaryFolder()
  const file = join(folder.path, 'kubeconfig')
  await writeFile(file, kubeconfigFor(url))
  return {KUBECONFIG: file, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]()}
}

const start = (terminal: Terminal, flags = ''): Promise<void> =>
  terminal.type(`echo before-the-screen; ${process.execPath} ${kubectlNpm} top ${flags}; echo ended-$?`)

async function expectRestored(terminal: Terminal, before: string): Promise<string> {
  const screen = await terminal.until(/^ended-\d+$/m)
  expect(screen).toContain('before-the-screen')
  expect(await terminal.state()).toEqual(SHELL)
  expect(await settings(terminal)).toBe(before)
  return screen
}

describeWhere(missingTmux(), 'while the API server says nothing', () => {
  test('the screen is there, and its keys do what they say', async () => {
    await using server = await startSilentServer()
    await using config = await kubeconfig(server.url)
    await using terminal = await openTerminal({env: {KUBECONFIG: config.KUBECONFIG}})
    const before = await settings(terminal)
    await start(terminal)
    const screen = await terminal.until(/^kubectl npm top › nodes[^]*Connecting to the agents/)
    expect(screen).toContain('q quit  ? help')
    expect(await terminal.state()).toEqual(OPEN)
    await terminal.press('?')
    await terminal.until(/^Keys$/m)
    await terminal.press('Escape')
    await terminal.until(/Connecting to the agents/)
    await terminal.resize(40, 15)
    await terminal.until(/Connecting[^]*\n +away, takes its time/)
    await terminal.press('C-z')
    await terminal.until(/Stopped/)
    expect(await terminal.state()).toEqual(SHELL)
    await terminal.type('fg')
    await terminal.until(/Connecting to the agents/)
    await terminal.press('q')
    // The prompt behind the program that was continued, whose command line is broken anywhere.
    await terminal.until(/^(?![^]*Connecting)[^]*[#$]\s*$/)
    expect(await terminal.state()).toEqual(SHELL)
    await terminal.type('echo ended-$?')
    await terminal.until(/^ended-0$/m)
    await terminal.resize(80, 24)
    expect(await settings(terminal)).toBe(before)
  })

  test('Ctrl-C gives the terminal back', async () => {
    await using server = await startSilentServer()
    await using config = await kubeconfig(server.url)
    await using terminal = await openTerminal({env: {KUBECONFIG: config.KUBECONFIG}})
    const before = await settings(terminal)
    await start(terminal)
    await terminal.until(/Connecting to the agents/)
    await terminal.press('C-c')
    await expectRestored(terminal, before)
  })
})

describeWhere(missingTmux(), 'what goes wrong behind the first frame', () => {
  test('an API server that is down ends the screen with its reason', async () => {
    await using config = await kubeconfig('http://127.0.0.1:1')
    await using terminal = await openTerminal({env: {KUBECONFIG: config.KUBECONFIG}})
    const before = await settings(terminal)
    await start(terminal)
    const screen = await expectRestored(terminal, before)
    expect(screen).toContain('error: the API server cannot be reached')
    expect(screen).toMatch(/^ended-2$/m)
  })

  test('so does a namespace without agents', async () => {
    await using api = await startFakeApiServer({agents: {}})
    await using terminal = await openTerminal({env: api.env})
    const before = await settings(terminal)
    await start(terminal)
    const screen = await expectRestored(terminal, before)
    expect(screen).toContain('error: no agent runs in namespace kubectl-npm')
    expect(screen).toMatch(/^ended-2$/m)
  })

  test('wrong flags are told without a screen', async () => {
    await using terminal = await openTerminal({env: {KUBECONFIG: '/no/such/file', KUBERNETES_SERVICE_HOST: ''}})
    await start(terminal)
    const screen = await terminal.until(/^ended-2$/m)
    expect(screen).toContain('error: no source: nothing says what to read')
    // A screen is more than that.
    expect(await terminal.written()).toBeLessThan(1000)
    expect(await terminal.state()).toEqual(SHELL)
  })
})

describeWhere(missingTmux(), 'while agents answer one after another', () => {
  test('each node is shown, and how many have answered', async () => {
    await using silent = await startSilentServer()
    const played = new PlayedNode()
    await using agent = await startPlayedAgent('aks-1', played)
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port, 'aks-2': silent.port}})
    await using terminal = await openTerminal({env: api.env})
    await start(terminal)
    await terminal.until(/1 of 2 nodes answered[^]*aks-1 .*in force[^]*aks-2 .*waiting/)
    await terminal.press('q')
    await terminal.until(/^ended-0$/m)
  })

  test('of one node that is asked for its page is shown', async () => {
    await using silent = await startSilentServer()
    await using api = await startFakeApiServer({agents: {'aks-2': silent.port}})
    await using terminal = await openTerminal({env: api.env})
    await start(terminal, '--node aks-2')
    await terminal.until(/› aks-2[^]*Its first sample is on its way/)
    await terminal.press('q')
    await terminal.until(/^ended-0$/m)
  })
})

describeWhere(missingTmux(), 'a login program', () => {
  test('that asks on the terminal itself is answered before there is a screen', async () => {
    const played = new PlayedNode()
    await using agent = await startPlayedAgent('aks-1', played)
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port}})
    await using folder = await temporaryFolder()
    const kubectl = join(folder.path, 'kubectl')
    // kubectl runs login programs for servers with TLS only, so it stands for one itself.
    const script = [
      '#!/bin/sh',
      "printf 'password: ' >/dev/tty",
      'read -r password </dev/tty',
      '[ "$password" = open ] || exit 1',
      'exec kubectl "$@"',
    ]
    await writeFile(kubectl, script.join('\n'), {mode: 0o755})
    const file = join(folder.path, 'kubeconfig')
    const exec = {apiVersion: 'client.authentication.k8s.io/v1', command: 'login', interactiveMode: 'IfAvailable'}
    await writeFile(file, kubeconfigFor(api.url, {exec}))
    await using terminal = await openTerminal({env: {...api.env, KUBECONFIG: file, KUBECTL: kubectl}})
    const before = await settings(terminal)
    await start(terminal)
    await terminal.until(/before-the-screen[^]*password:\s*$/)
    expect(await terminal.state()).toEqual(SHELL)
    await terminal.type('open')
    await terminal.until(/aks-1 .*in force/)
    expect(await terminal.state()).toEqual(OPEN)
    await terminal.press('q')
    await expectRestored(terminal, before)
  })

  test('has the terminal until it is answered, and the screen comes back', async () => {
    const played = new PlayedNode()
    await using agent = await startPlayedAgent('aks-1', played)
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port}})
    await using folder = await temporaryFolder()
    const kubectl = join(folder.path, 'kubectl')
    const script = [
      '#!/bin/sh',
      "printf 'code of your device: ' >&2",
      'read -r code',
      '[ "$code" = 1234 ] || exit 1',
      'exec kubectl "$@"',
    ]
    await writeFile(kubectl, script.join('\n'), {mode: 0o755})
    await using terminal = await openTerminal({env: {...api.env, KUBECTL: kubectl}})
    const before = await settings(terminal)
    await start(terminal)
    await terminal.until(/before-the-screen[^]*code of your device:\s*$/)
    expect(await terminal.state()).toEqual(SHELL)
    await terminal.type('1234')
    await terminal.until(/aks-1 .*in force/)
    expect(await terminal.state()).toEqual(OPEN)
    await terminal.press('q')
    await expectRestored(terminal, before)
  })
})
