import {readFile} from 'node:fs/promises'
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

/** Applies one more member of a set, while somebody else does something right after. */
async function addMember(lab: WriterLab, meanwhile?: string) {
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
  await using writer = await lab.writer({env})
  const {result} = await writer.tell({does: 'apply', plan: file})
  const runs = (await readFile(notes, 'utf8')).split('\n')
  const timesRead = runs.filter(line => line.startsWith(save)).length
  return {result, plan, timesRead, hasMember: (await saveSets(lab.namespace)).includes('add azure-npm-1111 10.1.0.77')}
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
