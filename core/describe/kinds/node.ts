import type {Knowledge} from '../knowledge.ts'
import {absent, type Scope} from '../scope.ts'

export const ofNode = (name: string, known: Knowledge): Scope => ({
  pods: known.pods.filter(({spec}) => spec?.nodeName === name),
  policies: () => false,
  rules: () => undefined,
  concerns: (_cause, _sets, node) => node === name,
  nodes: node => node === name,
  ...(!known.nodes.some(({node}) => node === name) && {
    incomplete: [
      absent(`rules and sets of node ${name}`, 'nothing of this node was given', 'Give its dump with --from, or ask its agent.'),
    ],
  }),
})
