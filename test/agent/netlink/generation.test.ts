import {expect} from 'vitest'
import {generationOf, rulesGeneration} from '../../../agent/netlink/generation.ts'
import {describeKernel, kernelTest} from '../../support/kernel/describe.ts'
import type {Namespace} from '../../support/kernel/namespace.ts'
import {toolsInside} from '../../support/live/inside.ts'

async function generations(namespace: Namespace) {
  const open = await (await toolsInside(namespace)).netlink()
  return () => {
    using socket = open()
    return generationOf(socket)
  }
}

describeKernel('the generation of rules', () => {
  kernelTest('is another one after whatever changes a rule, and whoever does', async namespace => {
    const generation = await generations(namespace)
    await namespace.run('ipset', ['restore'], {stdin: 'create one hash:net\ncreate other hash:net\n'})
    const known = new Set([generation()])
    const changes = [
      'iptables-nft -N CHAIN',
      'iptables-nft -A CHAIN -m set --match-set one src -j DROP',
      'iptables-nft -I CHAIN 1 -j ACCEPT',
      'iptables-nft -R CHAIN 1 -j RETURN',
      'iptables-nft -D CHAIN 1',
      'iptables-nft -P FORWARD DROP',
      'iptables-nft -E CHAIN RENAMED',
      'printf "*filter\\n-A RENAMED -j ACCEPT\\nCOMMIT\\n" | iptables-nft-restore --noflush',
      'iptables-nft -t nat -A POSTROUTING -j ACCEPT',
      'iptables-nft -F RENAMED',
      'iptables-nft -X RENAMED',
    ]
    for (const change of changes) {
      await namespace.run('sh', ['-c', change])
      const now = generation()
      expect(known.has(now), change).toBe(false)
      known.add(now)
    }
  })

  kernelTest('is the same while only sets change, rules are read, and packets are counted', async namespace => {
    const generation = await generations(namespace)
    const setUp =
      'ip link set lo up; ipset create one hash:net; ipset create other hash:net; iptables-nft -A INPUT -m set --match-set one src'
    await namespace.run('sh', ['-c', setUp])
    const before = generation()
    const saved = async () => (await namespace.run('iptables-nft-save', [])).stdout.replaceAll(/^[#:].*\n/gm, '')
    const rules = await saved()
    const uses =
      'ipset add one 10.0.0.0/8; ipset swap one other; ipset flush other; ping -c 1 -W 1 127.0.0.1 || true; iptables-nft-save -c'
    await namespace.run('sh', ['-c', uses])
    // A set that rules name cannot be renamed, so the name in them is the same, too.
    expect((await namespace.run('ipset', ['rename', 'one', 'third'], {allowFailure: true})).exitCode).not.toBe(0)
    expect(generation()).toBe(before)
    expect(await saved()).toBe(rules)
  })

  kernelTest('is told of the namespace of this process, too', async () => {
    expect(await rulesGeneration()).toEqual(expect.any(Number))
  })
})
