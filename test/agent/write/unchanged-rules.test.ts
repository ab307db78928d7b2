import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {documentOfNode, openNode} from '../../../agent/write/read-node.ts'
import {describeKernel} from '../../support/kernel/describe.ts'
import {saveSets} from '../../support/kernel/load.ts'
import type {Backend} from '../../support/kernel/tools.ts'
import {WriterLab} from '../../support/writer/lab.ts'
import {stateA} from '../../support/writer/states.ts'

/** A real tool that notes each run, and after its first run as a writer has something else done. */
const noted = (tool: string, notes: string, after = ':'): string => `
echo "${tool} $*" >> ${notes}
case "$1" in restore) ;; *) exec /usr/sbin/${tool} "$@";; esac
/usr/sbin/${tool} "$@"; code=$?
if mkdir ${notes}.once 2>/dev/null; then { ${after}; } </dev/null >/dev/null 2>&1; fi
exit $code`

/** A plan for one more member of a set, and a writer whose real tools note their runs. */
async function planned(lab: WriterLab, meanwhile?: string) {
  await lab.load(stateA)
  const from = await lab.read()
  const rules = await lab.rules()
  const to = await openNode('aks-1', [
    documentOfNode(`iptables-${lab.backend}-save.txt`, [rules]),
    ...(lab.backend === 'legacy' ? [documentOfNode('iptables-nft-save.txt', [''])] : []),
    documentOfNode('ipset-save.txt', [`${await saveSets(lab.namespace)}add azure-npm-1111 10.1.0.77\n`]),
  ])
  const {file, plan} = await lab.plan(from, to)
  const notes = `${lab.stateDir}.notes`
  const save = `iptables-${lab.backend}-save`
  const env = {PATH: await lab.tools({ipset: noted('ipset', notes, meanwhile), [save]: noted(save, notes)})}
  const timesRead = async () => (await readFile(notes, 'utf8')).split('\n').filter(line => line.startsWith(save)).length
  return {plan, timesRead, writer: await lab.writer({env}), command: {does: 'apply', plan: file} as const}
}

const hasMember = async (lab: WriterLab): Promise<boolean> =>
  (await saveSets(lab.namespace)).includes('add azure-npm-1111 10.1.0.77')

/** Applies one more member of a set, while somebody else does something right after. */
async function addMember(lab: WriterLab, meanwhile?: string) {
  const {plan, timesRead, command, ...opened} = await planned(lab, meanwhile)
  await using writer = opened.writer
  const {result} = await writer.tell(command)
  return {result, plan, timesRead: await timesRead(), hasMember: await hasMember(lab)}
}

/** Applies the same again when the member was taken away, and somebody else has done something besides. */
async function addMemberTwice(lab: WriterLab, between: readonly string[]) {
  const {timesRead, command, ...opened} = await planned(lab)
  await using writer = opened.writer
  expect((await writer.tell(command)).result).toMatchObject({outcome: 'applied'})
  const before = await timesRead()
  await lab.namespace.run('ipset', ['del', 'azure-npm-1111', '10.1.0.77'])
  const [tool, ...args] = between
  if (tool !== undefined) await lab.namespace.run(tool, args)
  const {result} = await writer.tell(command)
  return {result, timesRead: (await timesRead()) - before, hasMember: await hasMember(lab)}
}

describeKernel('behind a write that tells ipset alone', () => {
  test.each<{name: string; backend: Backend; meanwhile?: string; timesRead: number; finds: object}>([
    {
      name: 'rules are not printed again when the kernel says that none was changed',
      backend: 'nft',
      timesRead: 1,
      finds: {outcome: 'applied', problems: []},
    },
    {
      name: 'rules of the legacy back end, of which the kernel does not say so, are',
      backend: 'legacy',
      timesRead: 2,
      finds: {outcome: 'applied', problems: []},
    },
    {
      name: 'a rule of Azure NPM that was taken away meanwhile is seen',
      backend: 'nft',
      meanwhile: 'iptables-nft -D AZURE-NPM-INGRESS-100 1',
      timesRead: 2,
      finds: {outcome: 'applied', problems: [{code: 'NODE_CHANGED'}]},
    },
    {
      name: 'and so is the jump to it',
      backend: 'nft',
      meanwhile: 'iptables-nft -D FORWARD 1',
      timesRead: 2,
      finds: {outcome: 'applied', problems: [{code: 'NODE_CHANGED'}]},
    },
    {
      name: 'a rule of another program makes no difference, and has the rules read',
      backend: 'nft',
      meanwhile: 'iptables-nft -A INPUT -j ACCEPT',
      timesRead: 2,
      finds: {outcome: 'applied', problems: []},
    },
    {
      name: 'a member of another set that came meanwhile is seen with the same rules',
      backend: 'nft',
      meanwhile: '/usr/sbin/ipset add azure-npm-2222 10.1.0.78',
      timesRead: 2,
      finds: {outcome: 'applied', problems: [{code: 'NODE_CHANGED'}]},
    },
  ])('$name', async ({backend, meanwhile, timesRead, finds}) => {
    await using lab = await WriterLab.open(backend)
    const done = await addMember(lab, meanwhile)
    expect(done.plan.steps.map(({tool}) => tool)).toEqual(['ipset'])
    expect(done.result).toMatchObject(finds)
    expect(done).toMatchObject({timesRead, hasMember: true})
  })
})

describeKernel('before a write that tells ipset alone', () => {
  const applied = {outcome: 'applied', problems: []}
  test.each<{name: string; backend: Backend; between: readonly string[]; timesRead: number; finds: object}>([
    {
      name: 'rules that the writer has read for the write before are not printed while the kernel says that none was changed',
      backend: 'nft',
      between: [],
      timesRead: 0,
      finds: {result: applied, hasMember: true},
    },
    {
      name: 'rules of the legacy back end are',
      backend: 'legacy',
      between: [],
      timesRead: 2,
      finds: {result: applied, hasMember: true},
    },
    {
      name: 'rules are when another program has added one',
      backend: 'nft',
      between: ['iptables-nft', '-A', 'INPUT', '-j', 'ACCEPT'],
      timesRead: 1,
      finds: {result: applied, hasMember: true},
    },
    {
      name: 'and when one of Azure NPM was taken away: the plan is not for that node',
      backend: 'nft',
      between: ['iptables-nft', '-D', 'AZURE-NPM-INGRESS-100', '1'],
      timesRead: 1,
      finds: {result: {outcome: 'failed', state: 'before', failedAt: {step: 0}}, hasMember: false},
    },
    {
      name: 'and when another table of nftables was made',
      backend: 'nft',
      between: ['iptables-nft', '-t', 'mangle', '-N', 'OTHER'],
      timesRead: 1,
      finds: {result: applied, hasMember: true},
    },
    {
      name: 'a member of another set is seen without them',
      backend: 'nft',
      between: ['ipset', 'add', 'azure-npm-2222', '10.1.0.78'],
      timesRead: 0,
      finds: {result: {outcome: 'failed', state: 'before', failedAt: {step: 0}}, hasMember: false},
    },
  ])('$name', async ({backend, between, timesRead, finds}) => {
    await using lab = await WriterLab.open(backend)
    expect(await addMemberTwice(lab, between)).toMatchObject({timesRead, ...finds})
  })

  test('the restore point has the rules all the same', async () => {
    await using lab = await WriterLab.open()
    await addMemberTwice(lab, [])
    const folder = join(lab.stateDir, 'restore-points')
    const texts = await Promise.all(
      (await readdir(folder)).toSorted().map(id => readFile(join(folder, id, 'nodes/aks-1/iptables-nft-save.txt'), 'utf8')),
    )
    expect(texts).toHaveLength(2)
    expect(texts[1]).toBe(texts[0])
    expect(texts[0]).toContain('-A AZURE-NPM-INGRESS-100 ')
  })
})
