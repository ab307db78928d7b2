import {describe, expect, test} from 'vitest'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'

describe('resolve', () => {
  test.each<{asked: string; from?: string; says: string[]; exit: number}>([
    {
      asked: 'azure-npm-784554818',
      says: ['ns-default', 'azure-npm-4rdsa7069uaa0csdhoe2', 'all pods in namespace default'],
      exit: 0,
    },
    {asked: 'azure-npm-gcmk2hdba149zrugxkm4', says: ['nslabel-all-namespaces', 'azure-npm-1639206293'], exit: 0},
    {asked: 'azure-npm-530439631', says: ['all-namespaces', 'NPM v1'], exit: 0},
    {asked: 'azure-npm-1', says: ['unknown (azure-npm-1)', 'A hash cannot be turned back'], exit: 1},
    {asked: 'podlabel-role:database', says: ['azure-npm-1150819524', 'azure-npm-1hpckhpgh8c87xhe1268'], exit: 0},
    {
      asked: 'role=database',
      says: ['podlabel-role:database', 'nslabel-role:database', 'azure-npm-744562388', 'azure-npm-470119234'],
      exit: 0,
    },
    {asked: 'x/test1', says: ['AZURE-NPM-INGRESS-3486147191', 'AZURE-NPM-EGRESS-jo5gdwc4t2', 'policy x/test1'], exit: 0},
    {asked: 'AZURE-NPM-EGRESS-3618314628', says: ['kube-system/konnectivity-agent'], exit: 0},
    {asked: 'AZURE-NPM-INGRESS-2q4mtl3gqi', from: 'captures/v2-base36-nft', says: ['bakery/oven', 'yes'], exit: 0},
    {
      asked: 'azure-npm-5iu1htjq9hd97m4vb2r9',
      from: 'captures/v2-base36-nft/iptables-save.txt',
      says: ['podlabel-app:oven', 'yes'],
      exit: 0,
    },
    {asked: 'app=nowhere', from: 'captures/v2-base36-nft', says: ['podlabel-app:nowhere', 'no'], exit: 0},
  ])('$asked from $from', async ({asked, from, says, exit}) => {
    const {stdout, stderr, exitCode} = await runCli(['resolve', asked, ...(from === undefined ? [] : ['--from', fixture(from)])])
    for (const words of says) expect(stdout + stderr).toContain(words)
    expect(exitCode).toBe(exit)
  })
})

describe('sets', () => {
  test('a name that no set has is an answer of its own', async () => {
    const {stdout, stderr, exitCode} = await runCli([
      'sets',
      'app=nowhere',
      'app=oven',
      '--from',
      fixture('captures/v2-base36-nft'),
    ])
    expect(stdout).toContain('podlabel-app:oven')
    expect(stderr).toContain('no set app=nowhere on this node')
    expect(exitCode).toBe(1)
  })

  test.each<{what: string; args: string[]; from: string[]; says: string[]; exit: number}>([
    {
      what: 'no sets',
      args: ['sets'],
      from: ['iptables-save.txt'],
      says: ['Not in the input', '  sets: no output of ipset'],
      exit: 2,
    },
    {
      what: 'sets without an end',
      args: ['sets'],
      from: ['ipset-save.txt'],
      says: ['  sets: the output of ipset has no end'],
      exit: 0,
    },
    {
      what: 'no sets',
      args: ['sets', 'app=nowhere'],
      from: ['iptables-save.txt'],
      says: ['whether there is a set app=nowhere on this node is not known', '  sets: no output'],
      exit: 2,
    },
    {what: 'no sets', args: ['sets', '-o', 'name'], from: ['iptables-save.txt'], says: ['  sets: no output of ipset'], exit: 2},
    {
      what: 'no sets',
      args: ['resolve', 'app=nowhere'],
      from: ['iptables-save.txt'],
      says: ['unknown', '  sets: no output of ipset'],
      exit: 2,
    },
    {
      what: 'no objects',
      args: ['resolve', 'azure-npm-1'],
      from: ['iptables-save.txt', 'ipset-save.txt'],
      says: ['unknown (azure-npm-1)', '  objects: none are in the input'],
      exit: 2,
    },
  ])('$args with $what says what is not in the input', async ({args, from, says, exit}) => {
    const sources = from.flatMap(file => ['--from', fixture(`captures/v2-base36-nft/${file}`)])
    const {stdout, stderr, exitCode} = await runCli([...args, ...sources])
    for (const words of says) expect(stdout + stderr).toContain(words)
    expect(exitCode).toBe(exit)
  })

  test('-o name prints kernel names only', async () => {
    const {stdout} = await runCli(['sets', 'ns-bakery', '-o', 'name', '--from', fixture('captures/v2-base36-nft')])
    expect(stdout).toBe('azure-npm-1ny461rc434tlsygx8et\n')
  })

  test('--no-headers leaves the table without its first line', async () => {
    const {stdout} = await runCli(['sets', '--no-headers', '--from', fixture('captures/v2-base36-nft')])
    expect(stdout).toMatch(/^azure-npm-/)
  })
})

describe('translate filters', () => {
  const from = ['--from', fixture('captures/v2-base36-nft')]
  const headings = (stdout: string) =>
    stdout.split('\n').flatMap(line => /^(\S+\/\S+ {2}(?:Ingress|Egress))/.exec(line)?.[1] ?? [])

  test.each<{args: string[]; policies: string[]}>([
    {args: ['--policy', 'bakery/line'], policies: ['bakery/line  Ingress', 'bakery/line  Egress']},
    {args: ['--policy', 'line', '--direction', 'egress'], policies: ['bakery/line  Egress']},
    {args: ['--chain', 'AZURE-NPM-INGRESS-2q4mtl3gqi'], policies: ['bakery/oven  Ingress']},
    {args: ['--set', 'nslabel-team:sales'], policies: ['bakery/oven  Ingress']},
    {args: ['--set', 'namedport:dns'], policies: ['bakery/line  Egress']},
    {args: ['--set', 'azure-npm-4qylgpv5rtsd2fhw89uu'], policies: ['bakery/line  Egress']},
    {args: ['--policy', 'bakery/nothing'], policies: []},
  ])('$args', async ({args, policies}) => {
    const {stdout, exitCode} = await runCli(['translate', ...from, ...args])
    expect(headings(stdout)).toEqual(policies)
    // A name that nothing has is no answer of yes.
    expect(exitCode).toBe(policies.length > 0 ? 0 : 1)
  })

  test('--set keeps only the rules that use it', async () => {
    const {stdout} = await runCli(['translate', ...from, '--set', 'nslabel-team:sales'])
    expect(stdout.match(/^ +\d+ +\d+ .*$/gm)).toEqual([
      '  1        0  allow tcp/8080 from pods app=till in namespaces team=sales',
    ])
  })

  test('filters apply to the readable save: jumps and rules of the policy, nothing else', async () => {
    const {stdout} = await runCli(['translate', ...from, '-o', 'iptables', '--policy', 'lab/taster'])
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(4)
    for (const line of lines) expect(line).toContain('AZURE-NPM-INGRESS-lab/taster')
    expect(stdout).not.toMatch(/azure-npm-[0-9a-z]{20}/)
  })
})
