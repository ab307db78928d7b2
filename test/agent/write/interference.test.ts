import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {describe, expect, test} from 'vitest'
import {documentOfNode, openNode} from '../../../agent/write/read-node.ts'
import type {WriteStatus} from '../../../core/contract/writes.ts'
import {describeKernel} from '../../support/kernel/describe.ts'
import {saveSets} from '../../support/kernel/load.ts'
import {backends} from '../../support/kernel/tools.ts'
import {WriterLab} from '../../support/writer/lab.ts'
import {stateA} from '../../support/writer/states.ts'
import {TwoStates} from '../../support/writer/two-states.ts'

/** The real tool, with something else done once before or after its first run that changes the node. */
const once = (tool: string, mark: string, {before = ':', after = ':'}: {before?: string; after?: string}): string => `
case "$1" in save|list|--version) exec /usr/sbin/${tool} "$@";; esac
if mkdir ${mark} 2>/dev/null; then
  cat > ${mark}/input
  { ${before}; } </dev/null >/dev/null 2>&1
  /usr/sbin/${tool} "$@" < ${mark}/input; code=$?
  { ${after}; } </dev/null >/dev/null 2>&1
  exit $code
fi
exec /usr/sbin/${tool} "$@"`

interface Node {
  readonly lab: WriterLab
}

const mark = (node: Node): string => `${node.lab.stateDir}.mark`

/** A writer whose first run of a tool meets somebody else. */
const disturbed = async (node: Node, tool: string, does: {before?: string; after?: string}) =>
  node.lab.writer({env: {PATH: await node.lab.tools({[tool]: once(tool, mark(node), does)})}})

describeKernel('between the plan and its run', () => {
  test.each([
    {what: 'a member came', run: ['ipset', 'add', 'azure-npm-1111', '10.1.0.9']},
    {what: 'a rule went', run: ['iptables-nft', '-D', 'AZURE-NPM-INGRESS-100', '1']},
    {
      what: 'a set got another type',
      run: [
        'sh',
        '-c',
        'ipset create x hash:ip && ipset swap x azure-npm-1111 || { ipset destroy x; iptables-nft -F; ipset destroy azure-npm-1111; ipset create azure-npm-1111 hash:ip; }',
      ],
    },
  ])('$what: refused, and nothing is changed', async ({run}) => {
    await using node = await TwoStates.open()
    const [command = '', ...args] = run
    await node.lab.namespace.run(command, args)
    const before = (await node.lab.read()).digest
    await using writer = await node.lab.writer()
    const {result} = await writer.tell({does: 'apply', plan: node.there.file})
    expect(result).toMatchObject({outcome: 'failed', state: 'before', failedAt: {step: 0}})
    expect(result.failedAt?.message).toBe('the node is not any more what it was when the plan was made')
    expect((await node.lab.read()).digest).toBe(before)
    expect((await writer.tell<WriteStatus>({does: 'status'})).result.restorePoints).toEqual([])
  })

  test('a rule of another program began to use a set that is to go: refused', async () => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer()
    await writer.tell({does: 'apply', plan: node.there.file})
    await node.lab.namespace.run('iptables-nft', ['-A', 'INPUT', '-m', 'set', '--match-set', 'azure-npm-4444', 'src'])
    const {result} = await writer.tell({does: 'apply', plan: node.back.file})
    expect(result).toMatchObject({outcome: 'failed', state: 'before', failedAt: {step: 0}})
    expect(result.failedAt?.message).toContain('azure-npm-4444')
    expect((await node.lab.read()).digest).toBe(node.b)
  })
})

describeKernel('in the middle of a write', () => {
  test('a rule of another program begins to use a set that is to go: the node goes back', async () => {
    await using node = await TwoStates.open()
    await using first = await node.lab.writer()
    await first.tell({does: 'apply', plan: node.there.file})
    const use = 'iptables-nft -A INPUT -m set --match-set azure-npm-4444 src'
    await using writer = await disturbed(node, 'ipset', {before: use})
    const {result} = await writer.tell({does: 'apply', plan: node.back.file})
    expect(result).toMatchObject({outcome: 'failed', state: 'before'})
    expect(result.failedAt?.message).toMatch(/in use/)
    expect((await node.lab.read()).digest).toBe(node.b)
  })

  test('a set that is changed gets another type: the node goes back, and that set stays as it was made', async () => {
    await using node = await TwoStates.open()
    const {lab} = node
    const plain = (text: string) => text.replaceAll(/^#.*\n|\[\d+:\d+\]/gm, '')
    const others = async () => (await saveSets(lab.namespace)).split('\n').filter(line => !line.includes('azure-npm-1111'))
    const before = {rules: plain(await lab.rules()), sets: await others()}
    const retyped =
      'iptables-nft -F AZURE-NPM-INGRESS; ipset create x hash:ip; ipset destroy azure-npm-1111; ipset rename x azure-npm-1111'
    await using writer = await disturbed(node, 'ipset', {before: retyped})
    const {result} = await writer.tell({does: 'apply', plan: node.there.file})
    expect(result).toMatchObject({outcome: 'failed', state: 'before'})
    expect({rules: plain(await lab.rules()), sets: await others()}).toEqual(before)
    expect(await saveSets(lab.namespace)).toContain('create azure-npm-1111 hash:ip ')
  })

  test('a set gets full: the node goes back, and who has filled it keeps its members', async () => {
    await using node = await TwoStates.open()
    await node.lab.namespace.run('ipset', ['restore'], {
      stdin: 'create azure-npm-5555 hash:net family inet maxelem 2\nadd azure-npm-5555 10.5.0.1\n',
    })
    const from = await node.lab.read()
    const [rules, sets] = [await node.lab.rules(), await saveSets(node.lab.namespace)]
    const to = await openNode('aks-1', [
      documentOfNode('iptables-nft-save.txt', [rules]),
      documentOfNode('ipset-save.txt', [`${sets}add azure-npm-5555 10.5.0.2\n`]),
    ])
    const {file} = await node.lab.plan(from, to)
    await using writer = await disturbed(node, 'ipset', {before: 'ipset add azure-npm-5555 10.5.0.3'})
    const {result} = await writer.tell({does: 'apply', plan: file})
    expect(result).toMatchObject({
      outcome: 'failed',
      state: 'before',
      failedAt: {step: 1, operation: 'add azure-npm-5555 10.5.0.2'},
    })
    expect(result.failedAt?.message).toContain('is full')
    expect(await saveSets(node.lab.namespace)).toMatch(/add azure-npm-5555 10\.5\.0\.3/)
  })

  test.each([
    {held: 'shortly: the write waits', seconds: 2, xtablesSeconds: 30, outcome: 'applied', state: 'b'},
    {held: 'for longer than it may wait: the node goes back', seconds: 4, xtablesSeconds: 1, outcome: 'failed', state: 'a'},
  ] as const)('the xtables lock of legacy is held $held', async ({seconds, xtablesSeconds, outcome, state}) => {
    await using node = await TwoStates.open('legacy')
    const lock = join(tmpdir(), `${node.lab.namespace.name}.lock`)
    await using writer = await node.lab.writer({bounds: {xtablesSeconds}})
    const holder = execa('flock', [lock, 'sleep', String(seconds)])
    const {result} = await writer.tell({does: 'apply', plan: node.there.file})
    await holder
    expect(result).toMatchObject({outcome, state: outcome === 'applied' ? 'after' : 'before'})
    if (outcome === 'failed') expect(result.failedAt?.message).toContain('holds the xtables lock')
    expect(await node.state()).toBe(state)
  })

  describe.each([
    {what: 'before the first tool', tool: 'ipset', when: 'before'},
    {what: 'after the first tool', tool: 'ipset', when: 'after'},
    {what: 'after the rules', tool: 'iptables-nft-restore', when: 'after'},
  ])('Azure NPM, $what,', ({tool, when}) => {
    const npm =
      'printf "add azure-npm-1111 10.1.0.77\\n-N azure-npm-7777 --exist nethash\\nadd azure-npm-7777 10.7.0.1\\n" | /usr/sbin/ipset restore'

    test('adds a pod to a set that changes, and one to a new set: both stay, and the write is done', async () => {
      await using node = await TwoStates.open()
      await using writer = await disturbed(node, tool, {[when]: npm})
      const {result} = await writer.tell({does: 'apply', plan: node.there.file})
      expect(result).toMatchObject({outcome: 'applied', state: 'after', problems: [{code: 'NODE_CHANGED'}]})
      await expectOnlyMore(node, node.b)
    })

    test('does the same while the disk gets full: the node goes back, and both stay', async () => {
      await using node = await TwoStates.open()
      await using other = await node.lab.writer()
      const {passed} = await other.tell({does: 'apply', plan: node.there.file})
      await other.tell({does: 'rollback'})
      await using writer = await disturbed(node, tool, {[when]: npm})
      const failAt = passed.indexOf('before the journal says end') + 1
      const {result} = await writer.tell({does: 'apply', plan: node.there.file, failAt})
      expect(result).toMatchObject({outcome: 'failed', state: 'before'})
      await expectOnlyMore(node, node.a)
    })

    test('does the same and the writer is killed: the next one takes back only what that one has done', async () => {
      await using node = await TwoStates.open()
      await using next = await node.lab.writer()
      const {passed} = await next.tell({does: 'apply', plan: node.there.file})
      await next.tell({does: 'rollback'})
      await using writer = await disturbed(node, tool, {[when]: npm})
      const killAt = passed.indexOf('before the journal says end') + 1
      await expect(writer.tell({does: 'apply', plan: node.there.file, killAt})).rejects.toThrow('the writer ended')
      await node.heal(next)
      await expectOnlyMore(node, node.a)
    })
  })

  test.each(['before', 'after'] as const)(
    'Azure NPM adds a policy right %s the rules: its chain and its rule are there at the end',
    async when => {
      const policy =
        'printf "*filter\\n:AZURE-NPM-INGRESS-500 - -\\n-A AZURE-NPM-INGRESS-500 -j MARK --set-mark 0x400/0x400\\n-I AZURE-NPM-INGRESS 1 -j AZURE-NPM-INGRESS-500 -m set --match-set azure-npm-1111 dst\\nCOMMIT\\n" | /usr/sbin/iptables-nft-restore --noflush -w 60 -T filter'
      await using node = await TwoStates.open()
      await using writer = await disturbed(node, 'iptables-nft-restore', {[when]: policy})
      const {result} = await writer.tell({does: 'apply', plan: node.there.file})
      const rules = await node.lab.rules()
      expect(result).toMatchObject({outcome: 'applied', problems: [{code: 'NODE_CHANGED'}]})
      expect(rules).toContain('-A AZURE-NPM-INGRESS-500 -j MARK')
      expect(rules).toContain('dst -j AZURE-NPM-INGRESS-500')
    },
  )

  test.each(backends)(
    'Azure NPM adds a policy right before a chain that all policies share is written from end to end (%s)',
    async backend => {
      await using lab = await WriterLab.open(backend)
      const jumps = Array.from(
        {length: 30},
        (_, at) =>
          `-A AZURE-NPM-INGRESS -m set --match-set azure-npm-${at % 2 ? 1111 : 2222} dst -j AZURE-NPM-INGRESS-${1000 + at}\n`,
      )
      const chains = jumps.map((_, at) => `:AZURE-NPM-INGRESS-${1000 + at} - [0:0]\n`)
      const drop = '-A AZURE-NPM-INGRESS -m mark'
      const withJumps = (rules: readonly string[]) => ({
        sets: stateA.sets,
        rules: stateA.rules.replace(':AZURE-NPM - ', `${chains.join('')}:AZURE-NPM - `).replace(drop, `${rules.join('')}${drop}`),
      })
      await lab.load(withJumps(jumps.toReversed()))
      const wanted = await lab.read()
      await lab.load(withJumps(jumps))
      const {plan, file} = await lab.plan(await lab.read(), wanted)
      expect(plan.operations.length).toBeGreaterThan(jumps.length)
      const tool = `iptables-${backend}-restore`
      const policy = `printf "*filter\\n:AZURE-NPM-INGRESS-500 - -\\n-I AZURE-NPM-INGRESS 1 -j AZURE-NPM-INGRESS-500 -m set --match-set azure-npm-1111 dst\\nCOMMIT\\n" | /usr/sbin/${tool} --noflush -w 60 -T filter`
      await using writer = await disturbed({lab}, tool, {before: policy})
      const {result} = await writer.tell({does: 'apply', plan: file})
      expect(result).toMatchObject({outcome: 'applied', problems: [{code: 'NODE_CHANGED'}]})
      const first = /-A AZURE-NPM-INGRESS .*$/m.exec(await lab.rules())?.[0]
      expect(first).toMatch(/dst -j AZURE-NPM-INGRESS-500$/)
      await lab.namespace.run(`iptables-${backend}`, ['-D', 'AZURE-NPM-INGRESS', '1'])
      await lab.namespace.run(`iptables-${backend}`, ['-X', 'AZURE-NPM-INGRESS-500'])
      expect((await lab.read()).digest).toBe(wanted.digest)
    },
  )

  async function expectOnlyMore(node: TwoStates, digest: string): Promise<void> {
    const {namespace} = node.lab
    expect(await saveSets(namespace)).toMatch(/add azure-npm-1111 10\.1\.0\.77[^]*add azure-npm-7777 10\.7\.0\.1/)
    await namespace.run('ipset', ['del', 'azure-npm-1111', '10.1.0.77'])
    await namespace.run('ipset', ['destroy', 'azure-npm-7777'])
    expect((await node.lab.read()).digest).toBe(digest)
  }
})
