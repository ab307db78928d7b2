import {expect, test} from 'vitest'
import {kubectlNpm} from '../../support/built-programs.ts'
import {describeWhere} from '../../support/describe-where.ts'
import {fixture} from '../../support/plugin/run-cli.ts'
import {missingTmux, openTerminal} from '../../support/plugin/tmux.ts'

describeWhere(missingTmux(), 'a terminal of 60 columns', () => {
  test('shows sentences broken between words, behind where they began, and errors too', async () => {
    await using terminal = await openTerminal({columns: 60, rows: 20})
    const run = (args: string) => terminal.type(`clear; ${process.execPath} ${kubectlNpm} ${args}; echo DONE`)
    await run(`translate ${fixture('two-nodes')} --policy bakery/oven --node aks-oven-0 --no-pager`)
    const screen = await terminal.until(/^DONE/m)
    expect(screen).toMatch(
      /^node aks-oven-0, Azure NPM v2, v1\.6\.46 or newer, iptables$\n^ {2}nft, base36 set names \(SHA-256\)$/m,
    )
    expect(screen).toMatch(/^ {2}\d +\d+ {2}drop everything else, unless another policy$\n^ {14}allows it$/m)
    await run('trace shop/a shop/b --port 80 --from no-such-folder')
    expect(await terminal.until(/^DONE/m)).toMatch(
      /^ {2}Check the path\. A folder, an archive, a file, or - for$\n^ {4}standard input can be given\.$/m,
    )
  })
})
