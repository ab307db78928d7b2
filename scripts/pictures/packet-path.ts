import {
  ACCEPT_CHAIN,
  directionChains,
  FORWARD_CHAIN,
  INGRESS_ALLOW_CHAIN,
  NPM_CHAIN,
  PROXY_FIREWALL,
  SERVICES_CHAIN,
} from '../../core/linux/npm/chain-names.ts'
import {bitMarks} from '../../core/linux/npm/marks.ts'
import {type Arrow, type Box, boxHeight, type Diagram} from './diagram-svg.ts'

/*
 * The path of the first packet of a connection through one node: docs/packet-path.md. What the chains hold is what `compile` prints and what
 * Azure NPM v2 was seen to program; that they judge in this way is held by packets in test/agreement.
 */

const hex = (mark: number): string => `0x${mark.toString(16)}`
const {ingressAllowed, drop} = bitMarks

const box = (x: number, y: number, width: number, title: string, lines: readonly Box['lines'][number][]): Box => ({
  x,
  y,
  width,
  title,
  lines,
})

const arrival = box(24, 24, 300, 'arrives at the node', [{text: 'from a pod here, another node,'}, {text: 'or from outside'}])
const prerouting = box(24, 124, 300, 'nat PREROUTING', [
  {text: 'kube-proxy: a service address'},
  {text: 'becomes a pod and its port'},
  {text: 'rules below see the pod only', tone: 'dim'},
])
const forward = box(24, 243, 300, `filter ${FORWARD_CHAIN}`, [
  {text: PROXY_FIREWALL},
  {text: 'KUBE-FORWARD'},
  {text: '  INVALID: drop', tone: 'bad'},
  {text: '  mark 0x4000: accept', tone: 'good'},
  {text: '  ESTABLISHED, RELATED: accept', tone: 'good'},
  {text: SERVICES_CHAIN},
  {text: `NEW: ${NPM_CHAIN}`, tone: 'mark'},
  {text: ''},
  {text: 'rules behind it see no NEW', tone: 'dim'},
  {text: 'packet once a policy is there', tone: 'dim'},
])
const aside = box(24, 495, 300, 'filter INPUT, OUTPUT', [
  {text: 'the node and its host network,'},
  {text: 'to and from pods of this node:'},
  {text: 'Azure NPM judges none of it', tone: 'dim'},
])
const ingress = box(420, 24, 516, directionChains.Ingress, [
  {text: 'for each policy that selects the receiver, its own chain'},
  {text: `  ${directionChains.Ingress}-llultcgdv1`, tone: 'dim'},
  {text: `  a rule allows: ${INGRESS_ALLOW_CHAIN}`, tone: 'good'},
  {text: `                 mark ${hex(ingressAllowed)}, on to egress`, tone: 'good'},
  {text: `  no rule allows: mark ${hex(drop.Ingress)}, next policy`, tone: 'mark'},
  {text: 'behind the last policy'},
  {text: `  marked ${hex(drop.Ingress)}: drop`, tone: 'bad'},
  {text: '  else on to egress'},
])
const egress = box(420, 255, 516, directionChains.Egress, [
  {text: 'for each policy that selects the sender, its own chain'},
  {text: `  ${directionChains.Egress}-0tdhkhmr7h`, tone: 'dim'},
  {text: `  a rule allows: ${ACCEPT_CHAIN}`, tone: 'good'},
  {text: `  no rule allows: mark ${hex(drop.Egress)}, next policy`, tone: 'mark'},
  {text: 'behind the last policy'},
  {text: `  marked ${hex(drop.Egress)}: drop`, tone: 'bad'},
  {text: `  else ${ACCEPT_CHAIN}`, tone: 'good'},
])
const accept = box(420, 467, 516, ACCEPT_CHAIN, [{text: 'accept: FORWARD ends here', tone: 'good'}])
const postrouting = box(420, 565, 516, 'nat POSTROUTING, and away', [
  {text: 'to a pod of this node: delivered'},
  {text: 'to another node: judged there once more, all of it'},
])

const below = (upper: Box): number => upper.y + boxHeight(upper)
const down = (upper: Box, lower: Box, x: number): Arrow => ({
  points: [
    [x, below(upper)],
    [x, lower.y],
  ],
})
/** The row of FORWARD that jumps. */
const JUMP_Y = forward.y + 28 + 6.5 * 19 + 0.5

export const packetPath: Diagram = {
  title: 'The path of the first packet of a connection: FORWARD, AZURE-NPM-INGRESS, AZURE-NPM-EGRESS',
  width: 960,
  height: 660,
  boxes: [arrival, prerouting, forward, aside, ingress, egress, accept, postrouting],
  arrows: [
    down(arrival, prerouting, 174),
    down(prerouting, forward, 174),
    {
      points: [
        [324, JUMP_Y],
        [372, JUMP_Y],
        [372, 60],
        [420, 60],
      ],
      tone: 'mark',
    },
    down(ingress, egress, 678),
    down(egress, accept, 678),
    {...down(accept, postrouting, 678), tone: 'good'},
  ],
}
