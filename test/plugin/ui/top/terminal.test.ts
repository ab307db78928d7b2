import {readFileSync} from 'node:fs'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {expect, test} from 'vitest'
import {kubectlNpm} from '../../../support/built-programs.ts'
import {describeWhere} from '../../../support/describe-where.ts'
import {nodeAddress, pods} from '../../../support/kernel/packets/bakery.ts'
import {openPacketNode} from '../../../support/kernel/packets/packet-node.ts'
import {kernelTools} from '../../../support/kernel/tools.ts'
import type {FakeAgent} from '../../../support/plugin/fake-agent.ts'
import {startFakeApiServer} from '../../../support/plugin/fake-api-server.ts'
import {PlayedNode, startPlayedAgent} from '../../../support/plugin/played-node.ts'
import {fixture} from '../../../support/plugin/run-cli.ts'
import {missingTmux, openTerminal, settings, type Terminal} from '../../../support/plugin/tmux.ts'
import {temporaryFolder} from '../../../support/temporary-folder.ts'
import {nightEvents} from '../../../support/top/live-events.ts'

/** The real program in a real terminal. */

const path = (file: string) => fileURLToPath(new URL(`../../../../${file}`, import.meta.url))
const preload = path('test/support/plugin/throw-on-signal.ts')

async function recording() {
  const folder = await temporaryFolder()
  const file = join(folder.path, 'night.jsonl')
  await writeFile(
    file,
    nightEvents()
      .map(event => `${JSON.stringify(event)}\n`)
      .join(''),
  )
  return {file, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]()}
}

/** The screen is open, and what was on the terminal before is hidden. */
async function start(terminal: Terminal, file: string, options = ''): Promise<void> {
  await terminal.type(`echo before-the-screen; ${process.execPath} ${options} ${kubectlNpm} top --from ${file}; echo ended-$?`)
  await terminal.until(/^kubectl npm top › nodes/m)
  expect(await terminal.state()).toEqual({isAlternate: true, hasCursor: false, hasMouse: true})
}

/** The shell has the terminal as it was. */
async function expectRestored(terminal: Terminal, before: string): Promise<string> {
  const screen = await terminal.until(/^ended-\d+$/m)
  expect(screen).toContain('before-the-screen')
  expect(screen).not.toContain('kubectl npm top ›')
  expect(await terminal.state()).toEqual({isAlternate: false, hasCursor: true, hasMouse: false})
  expect(await settings(terminal)).toBe(before)
  return screen
}

const processOf = async (file: string): Promise<number> =>
  Number((await execa('pgrep', ['-fo', `top --from ${file}`])).stdout.split('\n')[0])

describeWhere(missingTmux(), 'a terminal', () => {
  test('shows all pages at any size, and is as before after q', async () => {
    await using kept = await recording()
    await using terminal = await openTerminal()
    const before = await settings(terminal)
    await start(terminal, kept.file)
    await terminal.press('Space')
    await terminal.until(/PAUSED/)
    for (let step = 0; step < 45; step++) await terminal.press('Right')
    await terminal.until(/recording 4\d\/61/)
    await terminal.until(/▸ aks-pool1-31415926-vmss000000 +\d/)
    await terminal.press('Enter')
    await terminal.until(/\[1 policies\][^]*▸ shop\/db-from-api/)
    await terminal.press('Enter')
    await terminal.until(/db-from-api Ingress[^]*▸ +3 .*drop everything else/)
    await terminal.press('y')
    await terminal.until(/^packetsPerSecond: \d/m)
    await terminal.press('Escape')
    await terminal.until(/\[1 rules\]/)
    await terminal.resize(40, 15)
    await terminal.until(/^shop\/db-from-api Ingress[^]*q quit {2}\? help {2}esc back/)
    await terminal.resize(120, 50)
    await terminal.until(/^kubectl npm top › nodes › aks-pool1-31415926-vmss000000 › shop\/db-from-api Ingress/)
    await terminal.resize(80, 24)
    await terminal.press('Escape')
    await terminal.until(/\[1 policies\]/)
    await terminal.press('3')
    await terminal.until(/\[3 sets\][^]*ns-shop/)
    await terminal.press('/')
    await terminal.press('w', 'e', 'b')
    await terminal.until(/Only rows with web[^]*^\/web/m)
    await terminal.press('Escape')
    await terminal.press('?')
    await terminal.until(/^Keys$/m)
    await terminal.press('q')
    await expectRestored(terminal, before)
  })

  test.each([
    ['Ctrl-Z', undefined],
    ['SIGTSTP', 'TSTP'],
  ])('is the shell’s after %s, and shows the screen again after fg', async (_, signal) => {
    await using kept = await recording()
    await using terminal = await openTerminal()
    const before = await settings(terminal)
    await start(terminal, kept.file)
    await terminal.press('Space')
    await terminal.until(/PAUSED/)
    if (signal === undefined) await terminal.press('C-z')
    else process.kill(await processOf(kept.file), `SIG${signal}`)
    const stopped = await terminal.until(/before-the-screen[^]*Stopped/)
    expect(stopped).not.toContain('kubectl npm top ›')
    expect(await terminal.state()).toEqual({isAlternate: false, hasCursor: true, hasMouse: false})
    expect(await settings(terminal)).toBe(before)
    await terminal.type('fg')
    await terminal.until(/^kubectl npm top › nodes[^]*PAUSED/m)
    expect(await terminal.state()).toEqual({isAlternate: true, hasCursor: false, hasMouse: true})
    await terminal.press('Space')
    await terminal.until(/recording \d+\/61/)
    await terminal.press('Enter')
    await terminal.until(/\[1 policies\]/)
    // It can be done again.
    await terminal.press('C-z')
    await terminal.until(/Stopped/)
    await terminal.type('fg')
    await terminal.until(/\[1 policies\]/)
    await terminal.press('q')
    await expect.poll(() => terminal.state()).toEqual({isAlternate: false, hasCursor: true, hasMouse: false})
    // What is typed while the program still ends is lost with it.
    await terminal.until(/night\.jsonl\s+[#$]\s*$/)
    await terminal.type('echo ended-$?')
    await terminal.until(/^ended-0$/m)
    expect(await settings(terminal)).toBe(before)
  })

  test('the mouse selects, opens and scrolls', async () => {
    await using kept = await recording()
    await using terminal = await openTerminal()
    await start(terminal, kept.file)
    await terminal.press('Space')
    const screen = await terminal.until(/PAUSED/)
    const row = screen.split('\n').findIndex(line => line.includes('vmss000001')) + 1
    const click = `\u001b[<0;5;${row}M\u001b[<0;5;${row}m`
    await terminal.press('-l', click)
    await terminal.until(/▸ aks-pool1-31415926-vmss000001/)
    await terminal.press('-l', click)
    await terminal.until(/› aks-pool1-31415926-vmss000001/)
    await terminal.press('q')
  })

  test.each([
    ['Ctrl-C', undefined],
    ['SIGINT', 'INT'],
    ['SIGTERM', 'TERM'],
    ['SIGHUP', 'HUP'],
  ])('is as before after %s', async (_, signal) => {
    await using kept = await recording()
    await using terminal = await openTerminal()
    const before = await settings(terminal)
    await start(terminal, kept.file)
    if (signal === undefined) await terminal.press('C-c')
    else await execa('kill', [`-${signal}`, String(await processOf(kept.file))])
    await expectRestored(terminal, before)
  })

  test('is as before after a failure of the program, and has its words', async () => {
    await using kept = await recording()
    await using terminal = await openTerminal()
    const before = await settings(terminal)
    await start(terminal, kept.file, `--import ${preload}`)
    await execa('kill', ['-USR2', String(await processOf(kept.file))])
    expect(await expectRestored(terminal, before)).toContain('made by the test')
  })

  test('gets little to draw while little changes', async () => {
    await using kept = await recording()
    await using terminal = await openTerminal()
    await start(terminal, kept.file)
    await terminal.press('Space')
    await terminal.until(/PAUSED/)
    const first = await terminal.written()
    const frames = 20
    for (let frame = 1; frame <= frames; frame++) {
      await terminal.press('Right')
      await terminal.until(/recording \d+\/61/)
    }
    await terminal.until(/recording (?:2[0-9]|1[0-9])\/61/)
    // A whole screen is 80 × 24 characters.
    expect((await terminal.written()) - first).toBeLessThan(frames * 80 * 24 * 0.5)
    await terminal.press('q')
  })

  test('shows that the agent of a node is lost, and that it is back', async () => {
    const agents: Record<string, number | undefined> = {}
    await using api = await startFakeApiServer({agents})
    const played = new PlayedNode()
    const startOne = async (): Promise<FakeAgent> => {
      const agent = await startPlayedAgent('aks-1', played)
      agents['aks-1'] = agent.port
      return agent
    }
    const first = await startOne()
    const beats = setInterval(() => played.hit(3), 300)
    try {
      await using terminal = await openTerminal({env: api.env})
      await terminal.type(`echo before-the-screen; ${process.execPath} ${kubectlNpm} top`)
      await terminal.until(/▸ aks-1 +\d.* in force/)
      await first[Symbol.asyncDispose]()
      await terminal.until(/1 node not answering[^]*▸ aks-1 +- +- +lost \d+/)
      await using _second = await startOne()
      await terminal.until(/▸ aks-1 +[\d.]+ .* in force/)
      await terminal.press('e')
      await terminal.until(/can be watched again/)
      await terminal.press('q')
      await terminal.until(/before-the-screen/)
    } finally {
      clearInterval(beats)
    }
  })
})

describeWhere(missingTmux() ?? kernelTools().missing, 'a terminal on a node with packets', () => {
  test('shows who is dropped, by which policy and rule', async () => {
    await using lab = await openPacketNode({pods, externals: 'any', nodeAddress})
    const capture = (file: string) => readFileSync(join(fixture('captures/v2-base36-nft'), file), 'utf8')
    await lab.load(capture('ipset-save.txt'), capture('iptables-save.txt'))
    await using terminal = await openTerminal({within: ['ip', 'netns', 'exec', lab.node.name]})
    const objects = join(fixture('captures/v2-base36-nft'), 'cluster.yaml')
    await terminal.type(`${process.execPath} ${kubectlNpm} top --local --from ${objects}`)
    await terminal.until(/\[1 policies\][^]*bakery\/oven/)
    const kiosk = {source: '10.60.1.22', destination: '10.60.0.10', protocol: 'tcp' as const, port: 8080}
    const over = new AbortController()
    const sending = (async () => {
      while (!over.signal.aborted) await lab.probe([kiosk, kiosk, kiosk])
    })()
    try {
      await terminal.until(/bakery\/closed +Ingress +[1-9]/)
      await terminal.press('/')
      await terminal.press('o', 'v', 'e', 'n', 'Enter')
      await terminal.until(/▸ bakery\/oven +Ingress +[1-9]/)
      await terminal.press('Enter')
      await terminal.until(/▸ +4 +[\d.]+ .*drop everything else/)
      await terminal.press('Escape')
      await terminal.press('d')
      await terminal.until(/compared \d+s ago/)
      await terminal.press('Escape')
    } finally {
      over.abort()
      await sending
    }
    await terminal.until(/▸ bakery\/oven +Ingress +0 /)
    await terminal.press('q')
  })
})
