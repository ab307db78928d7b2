import type {NetworkPolicy} from '../../core/kubernetes/objects.ts'

/** Policies of 17 KB, each of which combines to 49,285 rules: 222 peers at 222 ports, and the drop. */
export const largePolicies = (count: number): NetworkPolicy[] =>
  Array.from({length: count}, (_, index) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {name: `large-${index}`, namespace: 'tenant'},
    spec: {
      podSelector: {},
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: Array.from({length: 222}, (_, peer) => ({podSelector: {matchLabels: {a: `b${peer}`}}})),
          ports: Array.from({length: 222}, (_, port) => ({protocol: 'TCP', port: port + 1})),
        },
      ],
    },
  }))
