import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import type {ClusterObjects, NetworkPolicy} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {policyChainName} from '../../../core/linux/npm/policy-chain.ts'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import type {Narrowing, Wanted} from '../../../core/plan/wanted.ts'
import {InputError} from '../../../core/problem/input-error.ts'
import {cluster} from '../../support/arbitrary-cluster.ts'
import {azureNpm, damage} from '../../support/linux/arbitrary-node.ts'
import {nodeOfLines} from '../../support/linux/written-node.ts'
import {linesOf, type NodeLines} from '../../support/node-of.ts'
import {changedParts, partsOf} from '../../support/plan/changed-parts.ts'
import {nodeAfter, planFor} from '../../support/plan/plan.ts'
import {shop} from '../../support/shop-nodes.ts'

const still = {surroundings: {hasNpmPages: false, hasNpmProcess: false}} as const
const programmed = (objects: ClusterObjects): NodeLines => linesOf(compile(objects, {scheme: 'sha256', semantics: 'npm'}))
const nodeOf = (lines: NodeLines, objects: ClusterObjects = blocked): NodeState => nodeOfLines(lines).with({cluster: objects})
const set = (name: string): string => setKernelName(name, 'sha256')
const chain = (policy: string): string => policyChainName(policy, 'Ingress', 'sha256')

/** A policy with a block, whose set is its own. */
const block = (cidr: string): NetworkPolicy => ({
  metadata: {namespace: 'shop', name: 'block'},
  spec: {podSelector: {matchLabels: {app: 'db'}}, policyTypes: ['Ingress'], ingress: [{from: [{ipBlock: {cidr}}]}]},
})
const withBlock = (cidr: string): ClusterObjects => ({...shop, policies: [...shop.policies, block(cidr)]})
const blocked = withBlock('10.0.0.0/8')
const blockSet = set('cidr-block:in-ns:shop-0-0IN')
const db = set('podlabel-app:db')

/** Lines without those that have one of some texts. */
const without = ({rules, sets}: NodeLines, ...texts: readonly string[]): NodeLines => {
  const left = (lines: readonly string[]) => lines.filter(line => !texts.some(text => line.includes(text)))
  return {rules: left(rules), sets: left(sets)}
}

const narrowed = (node: NodeState, wanted: Wanted, narrowedTo: Narrowing) => planFor(node, wanted, {...still, narrowedTo})
const dump = (node: NodeState): Wanted => ({kind: 'dump', node})
const nothing: Wanted = {kind: 'nothing'}

async function refusal(node: NodeState, wanted: Wanted, narrowedTo: Narrowing): Promise<string> {
  const error: unknown = await narrowed(node, wanted, narrowedTo).catch((reason: unknown) => reason)
  if (!(error instanceof InputError)) throw new Error('nothing was refused')
  return `${error.message}. ${error.next}`
}

describe('of a kept state', () => {
  const then = nodeOf(programmed(blocked))

  test('one policy comes back, with its jump where it stood and its own set, and nothing else does', async () => {
    const others = ['add ' + db, chain('shop/db-from-web')]
    const now = nodeOf(without(programmed(withBlock('10.9.0.0/16')), chain('shop/block'), ...others))
    const plan = await narrowed(now, dump(then), {policies: ['shop/block']})
    const after = await nodeAfter(now, plan)
    const parts = await partsOf(after)
    expect(parts.get(chain('shop/block'))).toBe((await partsOf(then)).get(chain('shop/block')))
    expect(parts.get(blockSet)).toContain('10.0.0.0/8')
    expect(await changedParts(now, after)).toEqual(new Set([chain('shop/block'), 'AZURE-NPM-INGRESS', blockSet]))
    expect(plan.narrowedTo).toEqual(['policy shop/block'])
    expect(plan.notes.join()).toContain('sets of pods, and sets that other policies use, too, stay as they are now')
    const jumps = (text = '') => text.split('\n').filter(line => line.includes('-j AZURE-NPM-INGRESS-'))
    expect(jumps(parts.get('AZURE-NPM-INGRESS'))).toHaveLength(1)
    expect(parts.get('AZURE-NPM-INGRESS')).toMatch(/DROP-ON-INGRESS-DROP-MARK[^\n]*\n$/)
  })

  test('a set of pods that is missing comes with the policy', async () => {
    const now = nodeOf(without(programmed(blocked), chain('shop/block'), chain('shop/db-from-web'), db, 'web-to-db'))
    const after = await nodeAfter(now, await narrowed(now, dump(then), {policies: ['shop/block']}))
    expect((await partsOf(after)).get(db)).toContain('10.0.2.1')
  })

  test('a policy that it did not have goes, and its sets stay', async () => {
    const now = nodeOf(programmed(blocked))
    const before = nodeOf(programmed(shop), shop)
    const after = await nodeAfter(now, await narrowed(now, dump(before), {policies: ['shop/block']}))
    expect(await changedParts(now, after)).toEqual(new Set([chain('shop/block'), 'AZURE-NPM-INGRESS']))
    expect((await partsOf(after)).has(chain('shop/block'))).toBe(false)
  })

  test.each<[string, string]>([
    ['1', 'cause 1: '],
    ['policyMissing', 'shop/block'],
  ])('cause %s comes back', async (cause, said) => {
    const now = nodeOf(without(programmed(blocked), chain('shop/block')))
    const plan = await narrowed(now, dump(then), {causes: [cause]})
    expect(plan.narrowedTo?.join()).toContain(said)
    expect(await changedParts(await nodeAfter(now, plan), then)).toEqual(new Set())
  })

  test('a cause about a set is the set as it was', async () => {
    const now = nodeOf(without(programmed(blocked), `add ${db} 10.0.2.1`))
    const plan = await narrowed(now, dump(then), {causes: ['1']})
    expect(plan.operations.map(({line}) => line)).toEqual([`add ${db} 10.0.2.1`])
  })

  test('what it cannot give is refused', async () => {
    const now = nodeOf(programmed(blocked))
    expect(await refusal(now, dump(then), {policies: ['shop/none']})).toContain('no policy shop/none is programmed')
    const older = nodeOf(linesOf(compile(blocked, {scheme: 'sha256', semantics: 'npm', release: 'v1.4.21'})))
    expect(await refusal(now, dump(older), {policies: ['shop/block']})).toContain('as of another release of Azure NPM')
    const first = nodeOf(linesOf(compile(blocked, {scheme: 'sha256', semantics: 'npm', generation: 'v1'})))
    expect(await refusal(now, dump(first), {policies: ['shop/block']})).toContain('the rules of NPM v1')
    const jumpless = nodeOf(without(programmed(blocked), '-A FORWARD'))
    expect(await refusal(jumpless, dump(then), {causes: ['jump']})).toContain('it is about rules that all policies share')
    const bare = nodeOfLines(without(programmed(blocked), chain('shop/block')))
    expect(await refusal(bare, dump(then), {causes: ['1']})).toContain('no cluster objects')
  })
})

describe('a removal', () => {
  test('of one policy takes its chains and jumps, and leaves sets and all other policies', async () => {
    const now = nodeOf(programmed(blocked))
    const plan = await narrowed(now, nothing, {policies: ['shop/db-from-web']})
    const after = await nodeAfter(now, plan)
    expect(await changedParts(now, after)).toEqual(new Set([chain('shop/db-from-web'), 'AZURE-NPM-INGRESS']))
    expect((await partsOf(after)).has(chain('shop/db-from-web'))).toBe(false)
    expect(plan.narrowedTo).toEqual(['policy shop/db-from-web'])
  })

  test('leaves the chain, empty, where Azure NPM may run', async () => {
    const now = nodeOf(programmed(blocked))
    const plan = await planFor(now, nothing, {narrowedTo: {policies: ['shop/db-from-web']}})
    const parts = await partsOf(await nodeAfter(now, plan))
    expect(parts.get(chain('shop/db-from-web'))).toBe(`chain nft ${chain('shop/db-from-web')}\n`)
  })

  test('of a cause takes the policy that is left over', async () => {
    const now = nodeOf(programmed(blocked), shop)
    const after = await nodeAfter(now, await narrowed(now, nothing, {causes: ['policyLeftOver']}))
    expect(await changedParts(now, after)).toEqual(new Set([chain('shop/block'), 'AZURE-NPM-INGRESS']))
  })

  test('takes no set by itself', async () => {
    const now = nodeOf(without(programmed(blocked), `add ${db} 10.0.2.1`))
    expect(await refusal(now, nothing, {sets: [db]})).toContain('a set is not taken away by itself')
    expect(await refusal(now, nothing, {causes: ['1']})).toContain('none is taken away by itself')
  })
})

/** A node that somebody changed by hand, another state of it, and which policy is meant. */
const pair = fc
  .tuple(cluster, cluster, azureNpm, fc.array(damage, {maxLength: 2}), fc.nat(), fc.boolean())
  .map(([objects, before, options, damages, which, isRemoval]) => {
    const of = (its: ClusterObjects) => linesOf(compile(its, {...options, semantics: 'npm'}))
    return {objects, now: damages.reduce((broken, change) => change(broken), of(objects)), earlier: of(before), which, isRemoval}
  })

propertyTest.prop([pair], {numRuns: 60})(
  'whatever the states, one policy becomes what it was, and nothing else changes but what it needs',
  async ({objects, now: lines, earlier, which, isRemoval}) => {
    const [now, then] = [nodeOf(lines, objects), nodeOfLines(earlier)]
    const known = [...now.translation().policyOfChain, ...(isRemoval ? [] : then.translation().policyOfChain)]
    fc.pre(known.length > 0)
    const [, policy = ''] = known[which % known.length] ?? []
    const chains = new Set(known.flatMap(([name, of]) => (of === policy ? [name] : [])))
    let after: NodeState
    try {
      after = await nodeAfter(
        now,
        await narrowed(now, isRemoval ? nothing : dump(then), {policies: policy.split('|').slice(0, 1)}),
      )
    } catch (error) {
      // Of other releases, and of what has lost a set, nothing is taken.
      if (!(error instanceof InputError)) throw error
      expect(error.message).toMatch(/NPM v1|other rules for all policies|neither it nor the node has the set/)
      return
    }
    const [were, was, is] = [await partsOf(now), await partsOf(then), await partsOf(after)]
    const needed = new Set<string>()
    for (const name of chains) {
      expect(is.get(name)).toBe(isRemoval ? undefined : was.get(name))
      for (const [found] of (was.get(name) ?? '').matchAll(/azure-npm-\w+/g)) needed.add(found)
    }
    for (const text of was.values())
      for (const line of text.split('\n'))
        if ([...chains].some(name => line.endsWith(`-j ${name}`)))
          for (const [found] of line.matchAll(/azure-npm-\w+/g)) needed.add(found)
    for (const name of needed)
      for (const [found] of (was.get(name)?.startsWith(`set ${name} list:`) ? (was.get(name) ?? '') : '').matchAll(
        /azure-npm-\w+/g,
      ))
        needed.add(found)
    for (const name of await changedParts(now, after)) {
      if (chains.has(name)) continue
      const without = (text = '') => text.split('\n').filter(line => ![...chains].some(of => line.endsWith(`-j ${of}`)))
      if (name.startsWith('azure-npm-')) expect(needed, `${name} is outside`).toContain(name)
      else expect(without(is.get(name)), `${name} is outside`).toEqual(without(were.get(name)))
    }
  },
)
