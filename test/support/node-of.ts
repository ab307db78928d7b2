import {forwardRules, programChains} from '../../core/linux/compile/program-chains.ts'
import {printRule} from '../../core/linux/iptables/print.ts'
import type {LinuxProgram} from '../../core/linux/npm/program.ts'
import {numbered} from '../../core/linux/walk/node-rules.ts'

/** What iptables-save and ipset save would print on a node that holds a program and nothing else, line by line. */
export interface NodeLines {
  readonly rules: readonly string[]
  readonly sets: readonly string[]
}

export function linesOf(program: LinuxProgram): NodeLines {
  const chains = programChains(program)
  const cut = (line: string) => line.replace(/--comment "([^"]{255})[^"]*"/, '--comment "$1"')
  return {
    rules: [
      '*filter',
      ':FORWARD ACCEPT [0:0]',
      ...[...chains.keys()].map(chain => `:${chain} - [0:0]`),
      ...numbered(forwardRules(program)).map(rule => printRule(rule)),
      ...[...chains.values()].flatMap(rules => numbered(rules).map(rule => cut(printRule(rule)))),
      'COMMIT',
    ],
    sets: [...program.sets.values()]
      .toSorted((a, b) => Number(a.ipsetType === 'list:set') - Number(b.ipsetType === 'list:set'))
      .flatMap(({kernelName, type, ipsetType, members}) => [
        `create ${kernelName} ${ipsetType} ${ipsetType === 'list:set' ? 'size 8' : `family inet hashsize 1024 maxelem ${type === 'CIDRBlocks' ? 4_294_967_295 : 65_536}`}`,
        ...members.map(member => `add ${kernelName} ${member}`),
      ]),
  }
}
