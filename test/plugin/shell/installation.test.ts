import {mkdir, symlink, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {expect, test} from 'vitest'
import {installationOf} from '../../../plugin/shell/installation.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

async function fill(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(path), {recursive: true})
    await writeFile(path, text)
  }
}

/** As krew 0.4.3 writes it, behind the manifest. */
const receipt = (index: string): string => `kind: Plugin\nmetadata:\n  name: npm\nstatus:\n  source:\n    name: ${index}\n`

test('what krew installed from an index is upgraded by krew, what it installed by a manifest is not', async () => {
  await using folder = await temporaryFolder()
  const program = join(folder.path, 'store/npm/v1.0.0/kubectl-npm')
  const link = join(folder.path, 'bin/kubectl-npm')
  await fill({[program]: ''})
  await mkdir(dirname(link))
  await symlink(program, link)
  const upgrades: Record<string, string> = {}
  for (const index of ['default', 'ours', 'detached']) {
    await fill({[join(folder.path, 'receipts/npm.yaml')]: receipt(index)})
    const {by, path, upgrade} = installationOf(link, '/nowhere')
    expect({by, path}).toEqual({by: 'krew', path: program})
    upgrades[index] = upgrade
  }
  expect(upgrades).toEqual({
    default: 'kubectl krew upgrade npm',
    ours: 'kubectl krew upgrade npm',
    detached: 'kubectl krew uninstall npm, then kubectl krew install --manifest FILE of a newer version',
  })
})

test('an executable is one wherever it lies, and where a folder only looks like one of krew', async () => {
  await using folder = await temporaryFolder()
  for (const place of ['kubectl-npm', 'store/npm/v1.0.0/kubectl-npm', 'store/other/v1.0.0/kubectl-npm']) {
    const path = join(folder.path, place)
    await fill({[path]: ''})
    if (place.includes('other')) await fill({[join(folder.path, 'receipts/npm.yaml')]: receipt('ours')})
    expect(installationOf(path, '/nowhere')).toEqual({by: 'executable', path, upgrade: 'put a newer executable in its place'})
  }
})

test('without an executable the folder of the program tells', async () => {
  await using folder = await temporaryFolder()
  const at = (path: string) => join(folder.path, path)
  await fill({
    [at('lib/node_modules/kubectl-npm/dist/kubectl-npm')]: '',
    [at('clone/.git/HEAD')]: '',
    [at('clone/dist/kubectl-npm')]: '',
    [at('copied/kubectl-npm')]: '',
  })
  expect(installationOf(undefined, at('lib/node_modules/kubectl-npm/dist')).by).toBe('npm')
  const clone = {by: 'clone', path: at('clone'), upgrade: 'git pull && npm ci && npm run build'}
  expect(installationOf(undefined, at('clone/dist'))).toEqual(clone)
  expect(installationOf(undefined, at('clone'))).toEqual(clone)
  expect(installationOf(undefined, at('copied'))).toMatchObject({by: 'bundle', path: at('copied')})
})
