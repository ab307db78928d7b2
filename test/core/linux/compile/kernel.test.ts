import {describe, expect} from 'vitest'
import {compareNode} from '../../../../core/drift/compare-node.ts'
import type {ClusterObjects, NetworkPolicy} from '../../../../core/kubernetes/objects.ts'
import {compile} from '../../../../core/linux/compile/compile.ts'
import {printIpsetRestore, printIptablesRestore} from '../../../../core/linux/compile/print.ts'
import type {LinuxProgram} from '../../../../core/linux/npm/program.ts'
import type {CompileOptions} from '../../../../core/policy/program.ts'
import {describeKernel, kernelTest} from '../../../support/kernel/describe.ts'
import {loadRules, loadSets, saveRules, saveSets} from '../../../support/kernel/load.ts'
import type {Namespace} from '../../../support/kernel/namespace.ts'
import {type Backend, backends} from '../../../support/kernel/tools.ts'
import {heldByNode, heldByProgram, objectsOf} from '../../../support/linux/compare-programs.ts'
import {vectors} from '../../../support/linux/vector.ts'
import {dumpOf} from '../../../support/read-capture.ts'

const text = (lines: Iterable<string>): string => [...lines].map(line => `${line}\n`).join('')

async function load(namespace: Namespace, backend: Backend, program: LinuxProgram): Promise<void> {
  await loadSets(namespace, text(printIpsetRestore(program)))
  await loadRules(namespace, backend, text(printIptablesRestore(program)))
}

/** More values than a comment can name: Azure NPM makes the sets, and with the API's meaning the comment is cut. */
const long: NetworkPolicy = {
  metadata: {name: 'long', namespace: 'shop'},
  spec: {
    podSelector: {
      matchExpressions: [{key: 'app', operator: 'In', values: Array.from({length: 200}, (_, index) => `value-${index}`)}],
    },
  },
}

/** Every vector's policy in one cluster, so that each construct meets the kernel. */
function vectorCluster(): ClusterObjects {
  return {namespaces: [], pods: [], nodes: [], policies: [...vectors.map(({policy}) => policy), long]}
}

const programs: readonly {of: string; option: CompileOptions}[] = [
  ...(['sha256', 'fnv32a'] as const).flatMap(scheme =>
    (['npm', 'kubernetes'] as const).map(semantics => ({of: `today, ${scheme}, ${semantics}`, option: {scheme, semantics}})),
  ),
  ...(['v1.4.16', 'v1.4.21'] as const).map(release => ({
    of: release,
    option: {scheme: 'fnv32a', semantics: 'npm', release} as const,
  })),
  {of: 'NPM v1', option: {scheme: 'fnv32a', semantics: 'npm', generation: 'v1'}},
]

describeKernel('compiled programs on the real kernel', () => {
  describe.each(backends)('%s', backend => {
    describe.each(programs)('of $of', ({option}) => {
      const clusters: readonly [string, () => ClusterObjects][] = [
        ['the bakery', () => objectsOf('captures/v2-base36-nft/cluster.yaml')],
        ['the clinic', () => objectsOf('real-npm/clinic-fnv/cluster.json')],
        ['the shop', () => objectsOf('real-npm/shop-sha256/cluster.json')],
        ['two policies whose decimal names have one hash', () => objectsOf('compile/shared-chain/cluster.json')],
        ['every construct of the vectors', vectorCluster],
      ]
      for (const [name, objects] of clusters)
        kernelTest(`${name}: what was printed loads, and comes back as it was compiled`, async namespace => {
          const program = compile(objects(), option)
          await load(namespace, backend, program)
          const saved = {sets: await saveSets(namespace), rules: await saveRules(namespace, backend)}
          expect(heldByNode(saved.sets, saved.rules)).toEqual(heldByProgram(program))
          if (option.semantics === 'kubernetes') return
          // Sets that collide are merged in the kernel as in the program, and none of them is a difference.
          const dump = await dumpOf(saved.sets, saved.rules)
          expect(compareNode(objects(), dump).items).toEqual([])
        })
    })

    kernelTest('a program without policies leaves Azure NPM inactive', async namespace => {
      const program = compile(
        {...objectsOf('real-npm/shop-sha256/cluster.json'), policies: []},
        {scheme: 'sha256', semantics: 'npm'},
      )
      await load(namespace, backend, program)
      const {chains} = heldByNode('', await saveRules(namespace, backend))
      expect(chains['AZURE-NPM']).toEqual([])
      expect(chains['FORWARD']).toHaveLength(1)
    })

    kernelTest('the jump goes to the place in FORWARD that is asked for', async namespace => {
      const program = compile(
        {...objectsOf('real-npm/shop-sha256/cluster.json'), policies: []},
        {scheme: 'sha256', semantics: 'npm'},
      )
      await loadRules(namespace, backend, '*filter\n-A FORWARD -j ACCEPT -p udp\n-A FORWARD -j ACCEPT -p tcp\nCOMMIT\n')
      await loadRules(namespace, backend, text(printIptablesRestore(program, {forwardIndex: 2})))
      const forward = (await saveRules(namespace, backend)).split('\n').filter(line => line.includes('-A FORWARD'))
      expect(forward.map(line => line.includes('AZURE-NPM'))).toEqual([false, true, false])
    })
  })
})
