import {once} from 'node:events'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {KEY_SET} from '../../../../agent/auth/signing-keys.ts'
import {FakeReviews, NODE} from '../../../support/agent/fake-reviews.ts'
import {startServe} from '../../../support/agent/serve-process.ts'
import {kubectlNpm} from '../../../support/built-programs.ts'
import {describeWhere} from '../../../support/describe-where.ts'
import {kernelTools} from '../../../support/kernel/tools.ts'
import {NodeLab, policy} from '../../../support/metrics/node-lab.ts'
import {startFakeApiServer} from '../../../support/plugin/fake-api-server.ts'
import {missingTmux, openTerminal, settings} from '../../../support/plugin/tmux.ts'
import {temporaryFolder} from '../../../support/temporary-folder.ts'

/** The API server for both: it leads the plugin to the agent's socket, and reviews for the agent the tokens that it gave the plugin. */
function startApi(socket: string) {
  const reviews = new FakeReviews()
  return startFakeApiServer({
    agents: {[NODE]: socket},
    async answer(method, path, _url, body) {
      if (method === 'GET') return path === KEY_SET ? {body: await reviews.get(path)} : undefined
      if (!path.endsWith('/token')) return {status: 201, body: await reviews.post(path, JSON.parse(body))}
      const [audience = ''] = (JSON.parse(body) as {spec: {audiences: string[]}}).spec.audiences
      return {status: 201, body: {status: {token: reviews.give({audience})}}}
    },
  })
}

describeWhere(missingTmux() ?? kernelTools().missing, 'an agent that is killed while somebody watches', () => {
  test('is shown as lost, is watched again when it is back, and leaves the terminal as it was', async () => {
    await using lab = await NodeLab.open()
    await lab.program(policy('db-from-web', 'db', 'web'))
    await using folder = await temporaryFolder()
    await using api = await startApi(join(folder.path, 'run', 'clients.sock'))
    const start = () => startServe({folder: folder.path, apiServer: api.url})
    await using first = await start()
    await using terminal = await openTerminal({env: api.env})
    const before = await settings(terminal)
    await terminal.type(`echo before-the-screen; ${process.execPath} ${kubectlNpm} top --interval 500ms; echo ended-$?`)
    await terminal.until(/▸ bakery-1 +0 +0 +in force/)
    await lab.dropped(3)
    await lab.allowed(2)
    await terminal.press('Enter')
    await terminal.until(/shop\/db-from-web +Ingress/)
    await terminal.press('Enter')
    // Of all, that were counted before: the rules in words, with their packets.
    await terminal.until(/▸ +[12] [^]*drop everything else/)
    await terminal.press('Escape', 'Escape')
    await terminal.until(/▸ bakery-1/)

    first.process.kill('SIGKILL')
    await once(first.process, 'exit')
    const lost = await terminal.until(/1 node not answering[^]*▸ bakery-1 +- +- +lost \d+s/)
    expect(lost).not.toContain('in force')
    // Its sockets are still there, and nobody answers behind them.
    await terminal.press('Enter')
    await terminal.until(/shop\/db-from-web +Ingress/)
    await terminal.press('Escape')
    await terminal.until(/▸ bakery-1 +- +- +lost \d+/)

    await using second = await start()
    expect(second.key).not.toBe(first.key)
    await terminal.until(/▸ bakery-1 +[\d.]+ +[\d.]+ +in force/)
    const sending = lab.dropped(5)
    await terminal.until(/▸ bakery-1 +0?\.?[1-9][\d.]* /)
    await sending
    await terminal.press('e')
    await terminal.until(/can be watched again/)
    await terminal.press('q')
    const screen = await terminal.until(/^ended-\d+$/m)
    expect(screen).toContain('ended-0')
    expect(screen).toContain('before-the-screen')
    expect(await terminal.state()).toEqual({isAlternate: false, hasCursor: true, hasMouse: false})
    expect(await settings(terminal)).toBe(before)
  })
})
