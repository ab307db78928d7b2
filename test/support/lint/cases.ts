import type {LintCode} from '../../../core/contract/lint.ts'
import type {Around} from './lint-yaml.ts'

/** One code: a spec that has it, and a neighbour as near as can be that has not. */
export interface LintCase {
  readonly code: LintCode
  /** The field that is pointed at. */
  readonly at: string
  readonly has: string
  readonly hasNot: string
  readonly around?: Around
  /** Words that the message must hold. */
  readonly says?: string
}

const from = (peer: string): string => `{podSelector: {}, ingress: [{from: [${peer}]}]}`
const to = (peer: string): string => `{podSelector: {}, policyTypes: [Egress], egress: [{to: [${peer}]}]}`
const ports = (port: string): string => `{podSelector: {}, ingress: [{ports: [${port}]}]}`
const values = (count: number, letters: number): string =>
  Array.from({length: count}, (_, index) => `v${index}`.padEnd(letters, 'x')).join(', ')
const block = (cidr: string, except?: string): string =>
  from(`{ipBlock: {cidr: "${cidr}"${except === undefined ? '' : `, except: [${except}]`}}}`)
const spaces = (expression: string): string => from(`{namespaceSelector: {matchExpressions: [${expression}]}}`)
const ipBlock = 'spec.ingress[0].from[0].ipBlock'
const expression = 'spec.ingress[0].from[0].namespaceSelector.matchExpressions[0]'
const selector = 'spec.ingress[0].from[0].namespaceSelector'

const refused: LintCase[] = [
  {code: 'IPV6_BLOCK', at: `${ipBlock}.cidr`, has: block('fd00::/8'), hasNot: block('192.0.2.0/24'), says: 'fd00::/8'},
  {code: 'BAD_BLOCK', at: `${ipBlock}.cidr`, has: block('10.0.0.0/0'), hasNot: block('0.0.0.0/0')},
  {
    code: 'BAD_EXCEPT',
    at: `${ipBlock}.except[0]`,
    has: block('10.0.0.0/8', '"fd00::/9"'),
    hasNot: block('10.0.0.0/8', '10.1.0.0/16'),
  },
  {
    code: 'BAD_LABEL_VALUE',
    at: `${expression}.values[1]`,
    has: spaces('{key: a, operator: In, values: [b, "c d"]}'),
    hasNot: spaces('{key: a, operator: In, values: [b, c-d]}'),
  },
  {
    code: 'BAD_SELECTOR',
    at: `${expression}.values`,
    has: spaces('{key: a, operator: In}'),
    hasNot: spaces('{key: a, operator: Exists}'),
  },
  {
    code: 'BAD_PROTOCOL',
    at: 'spec.ingress[0].ports[0].protocol',
    has: ports('{protocol: ICMP}'),
    hasNot: ports('{protocol: UDP}'),
  },
  {
    code: 'BAD_PORT_RANGE',
    at: 'spec.ingress[0].ports[0].endPort',
    has: ports('{port: 90, endPort: 80}'),
    hasNot: ports('{port: 80, endPort: 90}'),
  },
  {
    code: 'TOO_MANY_RULES',
    at: selector,
    has: spaces(['a', 'b'].map(key => `{key: ${key}, operator: In, values: [${values(101, 5)}]}`).join(', ')),
    hasNot: spaces(`{key: a, operator: In, values: [${values(20, 5)}]}, {key: b, operator: In, values: [${values(5, 5)}]}`),
  },
  {
    code: 'COMMENT_TOO_LONG',
    at: 'spec.podSelector',
    has: `{podSelector: {matchExpressions: [{key: a, operator: In, values: [${values(20, 60)}]}]}}`,
    hasNot: `{podSelector: {matchExpressions: [{key: a, operator: In, values: [${values(10, 60)}]}]}}`,
  },
]

const departed: LintCase[] = [
  {
    code: 'NAMESPACE_NOT_IN',
    at: expression,
    has: spaces('{key: a, operator: NotIn, values: [b, c]}'),
    hasNot: spaces('{key: a, operator: NotIn, values: [b]}'),
  },
  {
    code: 'NEGATIVE_ONLY',
    at: selector,
    has: spaces('{key: a, operator: DoesNotExist}'),
    hasNot: spaces('{key: a, operator: DoesNotExist}, {key: b, operator: Exists}'),
  },
  {
    code: 'BLOCK_OF_EXCEPT',
    at: `${ipBlock}.except[0]`,
    has: block('10.0.0.0/8', '10.0.0.0/8'),
    hasNot: block('10.0.0.0/8', '10.0.0.0/9'),
  },
  {
    code: 'SIDECAR_PORT',
    at: 'spec.ingress[0].ports[0].port',
    has: ports('{port: metrics}'),
    hasNot: ports('{port: http}'),
    around: {pods: ['shop/vault-0 10.0.0.1 http:80 sidecar-metrics:8099']},
    says: 'shop/vault-0 declares the port in a sidecar',
  },
  {
    code: 'IPV6_POD',
    at: 'spec.podSelector',
    has: '{podSelector: {matchLabels: {app: six}}}',
    hasNot: '{podSelector: {matchLabels: {app: four}}}',
    around: {pods: ['shop/six-0 10.0.0.1 app=six six', 'shop/four-0 10.0.0.2 app=four']},
    says: 'shop/six-0 has an IPv6 address first',
  },
  {
    code: 'TERMINATING_NAMESPACE',
    at: selector,
    has: spaces('{key: team, operator: Exists}'),
    hasNot: spaces('{key: other, operator: Exists}'),
    around: {namespaces: ['shop', 'old team=a terminating']},
    says: 'namespace old',
  },
  {
    code: 'ALL_NAMESPACES_LABEL',
    at: expression,
    has: spaces('{key: all-namespaces, operator: Exists}'),
    hasNot: spaces('{key: all-namespaces, operator: In, values: [x]}'),
  },
  {
    code: 'ALL_NAMESPACES_LABEL',
    at: selector,
    has: from('{namespaceSelector: {}}'),
    hasNot: from('{namespaceSelector: {matchLabels: {team: a}}}'),
    around: {namespaces: ['shop all-namespaces=x']},
    says: 'namespace shop has a label',
  },
]

const linux: LintCase[] = [
  {
    code: 'COMMENT_CUT',
    at: 'spec.podSelector',
    has: `{podSelector: {matchExpressions: [{key: a, operator: In, values: [${values(5, 60)}]}]}}`,
    hasNot: `{podSelector: {matchExpressions: [{key: a, operator: In, values: [${values(2, 60)}]}]}}`,
  },
  {
    code: 'SET_COLLISION',
    at: 'spec.ingress[0].from[0]',
    // Two labels with one FNV hash, 1249337733; both sets are there only if a pod carries the other label.
    has: from('{podSelector: {matchLabels: {app: order-west-gateway}}}'),
    hasNot: from('{podSelector: {matchLabels: {app: order-east-gateway}}}'),
    around: {pods: ['shop/x 10.0.0.9 app=agent-trace-v3']},
    says: 'podlabel-app:agent-trace-v3',
  },
  {
    code: 'COST',
    at: 'spec',
    has: '{podSelector: {}}',
    hasNot: block('fd00::/8'),
    says: '2 rules, which use 1 set (0 of its own)',
  },
  {
    code: 'MANY_RULES',
    at: 'spec',
    has: spaces(`{key: a, operator: In, values: [${values(50, 4)}]}, {key: b, operator: In, values: [${values(50, 4)}]}`),
    hasNot: spaces(`{key: a, operator: In, values: [${values(50, 4)}]}, {key: b, operator: In, values: [${values(30, 4)}]}`),
    says: '2,502 rules',
  },
  {
    code: 'RULES_MULTIPLY',
    at: 'spec.ingress[0]',
    has: spaces(`{key: a, operator: In, values: [${values(101, 5)}]}`),
    hasNot: spaces(`{key: a, operator: In, values: [${values(100, 5)}]}`),
    says: '101 rules',
  },
  {
    code: 'SET_FULL',
    at: 'spec',
    has: from('{podSelector: {matchLabels: {app: many}}}'),
    hasNot:
      '{podSelector: {matchLabels: {app: few}}, ingress: [{from: [{podSelector: {matchLabels: {app: few}}, namespaceSelector: {}}]}]}',
    around: {
      pods: Array.from(
        {length: 65_537},
        (_, index) => `crowd/p${index} 10.${index >> 16}.${(index >> 8) & 255}.${index & 255} app=many`,
      ),
    },
    says: 'podlabel-app:many would have 65,537 members',
  },
  {
    code: 'MANY_BLOCKS',
    at: ipBlock,
    has: block('10.0.0.0/8', '10.1.0.0/16, 10.2.0.0/16, 10.3.0.0/16, 10.4.0.0/16, 10.5.0.0/16'),
    hasNot: block('10.0.0.0/8', '10.1.0.0/16, 10.2.0.0/16, 10.3.0.0/16, 10.4.0.0/16'),
    says: '1 ipBlocks with 5 excepts',
  },
  {
    code: 'MANY_BLOCKS',
    at: ipBlock,
    has: from([1, 2, 3, 4, 5].map(n => `{ipBlock: {cidr: 192.0.2.${n}/32}}`).join(', ')),
    hasNot: from([1, 2, 3, 4].map(n => `{ipBlock: {cidr: 192.0.2.${n}/32}}`).join(', ')),
  },
  {code: 'LITE_PEER', at: 'spec.ingress[0].from[0]', has: from('{podSelector: {}}'), hasNot: block('192.0.2.0/24')},
  {code: 'LITE_NAMED_PORT', at: 'spec.ingress[0].ports[0].port', has: ports('{port: http}'), hasNot: ports('{port: 80}')},
  {
    code: 'LITE_BLOCK_OPEN',
    at: ipBlock,
    has: block('192.0.2.0/24'),
    hasNot: from('{podSelector: {}}, {ipBlock: {cidr: 192.0.2.0/24}}'),
  },
]

const windows: LintCase[] = [
  {code: 'WINDOWS_NAMED_PORT', at: 'spec.ingress[0].ports[0].port', has: ports('{port: http}'), hasNot: ports('{port: "80"}')},
  {
    code: 'WINDOWS_SCTP',
    at: 'spec.ingress[0].ports[0].protocol',
    has: ports('{port: 1, protocol: SCTP}'),
    hasNot: ports('{port: 1}'),
  },
  {
    code: 'WINDOWS_NEGATED_PODS',
    at: 'spec.podSelector.matchExpressions[0]',
    has: '{podSelector: {matchExpressions: [{key: a, operator: NotIn, values: [b]}]}}',
    hasNot: '{podSelector: {matchExpressions: [{key: a, operator: In, values: [b]}]}}',
  },
  {
    code: 'WINDOWS_NEGATED_PODS',
    at: 'spec.ingress[0].from[0].podSelector.matchExpressions[0]',
    has: from('{podSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}}'),
    hasNot: from('{podSelector: {matchExpressions: [{key: a, operator: Exists}]}}'),
  },
  {code: 'WINDOWS_EXCEPT', at: `${ipBlock}.except`, has: block('10.0.0.0/8', '10.1.0.0/16'), hasNot: block('10.0.0.0/8')},
  {
    code: 'WINDOWS_NEGATED_NAMESPACES',
    at: expression,
    has: spaces('{key: a, operator: NotIn, values: [b]}'),
    hasNot: to('{namespaceSelector: {matchExpressions: [{key: a, operator: NotIn, values: [b]}]}}'),
  },
  {
    code: 'WINDOWS_INVERTED_NAMESPACES',
    at: 'spec.egress[0].to[0].namespaceSelector.matchExpressions[0]',
    has: to('{namespaceSelector: {matchExpressions: [{key: a, operator: NotIn, values: [b]}]}}'),
    hasNot: spaces('{key: a, operator: NotIn, values: [b]}'),
  },
  {
    code: 'WINDOWS_WIDE_RANGE',
    at: 'spec.ingress[0].ports[0].endPort',
    has: ports('{port: 1000, endPort: 5000}'),
    hasNot: ports('{port: 1000, endPort: 4999}'),
  },
]

const risks: LintCase[] = [
  {
    code: 'SELECTS_NO_POD',
    at: 'spec.podSelector',
    has: '{podSelector: {matchLabels: {app: wbe}}}',
    hasNot: '{podSelector: {matchLabels: {app: web}}}',
    around: {pods: ['shop/web 10.0.0.1 app=web', 'other/wbe 10.0.0.2 app=wbe', 'shop/old 10.0.0.3 app=wbe done']},
  },
  {
    code: 'SELECTS_HOST_NETWORK',
    at: 'spec.podSelector',
    has: '{podSelector: {}}',
    hasNot: '{podSelector: {matchLabels: {app: web}}}',
    around: {pods: ['shop/web 10.0.0.1 app=web', 'shop/agent 10.1.0.4 app=agent host']},
    says: 'agent of the 2 chosen is of the host network',
  },
  {
    code: 'PEER_SELECTS_NOTHING',
    at: 'spec.ingress[0].from[0]',
    has: from('{namespaceSelector: {matchLabels: {team: a}}, podSelector: {matchLabels: {app: db}}}'),
    hasNot: from('{namespaceSelector: {matchLabels: {team: a}}, podSelector: {matchLabels: {app: web}}}'),
    around: {namespaces: ['shop team=a', 'books team=b'], pods: ['shop/web 10.0.0.1 app=web', 'books/db 10.0.0.2 app=db']},
  },
  {
    code: 'BLOCK_HOLDS_PODS',
    at: `${ipBlock}.cidr`,
    has: block('10.0.0.0/8'),
    hasNot: block('10.0.0.0/8', '10.0.0.0/24'),
    around: {pods: ['shop/web 10.0.0.1', 'shop/web2 10.0.0.2']},
    says: '10.0.0.0/8 holds pod shop/web, pod shop/web2',
  },
  {
    code: 'BLOCK_HOLDS_NODES',
    at: `${ipBlock}.cidr`,
    has: block('10.1.0.4/32'),
    hasNot: block('10.1.0.5/32'),
    around: {nodes: ['node-1 10.1.0.4']},
  },
  {
    code: 'NO_DNS',
    at: 'spec.egress',
    has: '{podSelector: {}, policyTypes: [Egress]}',
    hasNot: '{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}]}',
  },
  {
    code: 'NO_DNS',
    at: 'spec.egress',
    has: '{podSelector: {}, egress: [{ports: [{port: resolver, protocol: UDP}]}]}',
    hasNot: '{podSelector: {}, egress: [{ports: [{port: dns, protocol: UDP}]}]}',
  },
  {
    code: 'NO_DNS',
    at: 'spec.egress',
    has: '{podSelector: {}, egress: [{ports: [{port: 53}]}]}',
    hasNot: '{podSelector: {}, egress: [{ports: [{port: 1, endPort: 99, protocol: UDP}]}]}',
  },
  {
    code: 'RULES_NOT_IN_TYPES',
    at: 'spec.egress',
    has: '{podSelector: {}, policyTypes: [Ingress], egress: [{ports: [{port: 53, protocol: UDP}]}]}',
    hasNot: '{podSelector: {}, policyTypes: [Ingress], egress: []}',
  },
  {
    code: 'RULES_WITHOUT_EFFECT',
    at: 'spec.ingress[1]',
    has: '{podSelector: {}, ingress: [{ports: [{port: 80}]}, {}]}',
    hasNot: '{podSelector: {}, ingress: [{}]}',
  },
]

const cilium: LintCase[] = [
  {
    code: 'CILIUM_IP_BLOCK',
    at: 'spec.egress[0].to[0].ipBlock.cidr',
    has: to('{ipBlock: {cidr: 0.0.0.0/0}}'),
    hasNot: block('0.0.0.0/0'),
    around: {pods: ['shop/web 10.0.0.1'], nodes: ['node-1 10.1.0.4']},
    says: 'pod shop/web, node node-1',
  },
  {
    code: 'CILIUM_NAMED_PORT',
    at: 'spec.ingress[0].ports[0].port',
    has: ports('{port: http}'),
    hasNot: ports('{port: ui}'),
    around: {pods: ['shop/web 10.0.0.1 http:80 ui:90', 'shop/api 10.0.0.2 http:8080 ui:90']},
    says: '"http" stands for tcp:80, tcp:8080',
  },
  {
    code: 'CILIUM_OWN_NODE',
    at: 'spec.egress',
    has: '{podSelector: {}, policyTypes: [Egress]}',
    hasNot: '{podSelector: {}, egress: [{}]}',
  },
  {
    code: 'CILIUM_END_PORT',
    at: 'spec.ingress[0].ports[0].endPort',
    has: ports('{port: 80, endPort: 81}'),
    hasNot: ports('{port: 80}'),
  },
]

export const lintCases: readonly LintCase[] = [...refused, ...departed, ...linux, ...windows, ...risks, ...cilium]
