import {lintCodes} from '../../core/contract/lint.ts'
import {describedKinds, endKinds, type NamedKind} from './named-kinds.ts'
import type {NameKind} from './names.ts'

/** What may stand for a flag or an argument. Without any of them: nothing can be suggested. */
export interface Values {
  readonly names?: readonly NameKind[]
  readonly words?: readonly string[]
  /** Kinds that may stand before the name. */
  readonly kinds?: readonly NamedKind[]
  /** Files and folders; the shell knows them. */
  readonly isPath?: true
}

const PATH: Values = {isPath: true}
const FREE: Values = {}
const END: Values = {words: ['external'], names: ['pod'], kinds: endKinds}

/** By the name of the flag, which means the same in every verb, or by verb and flag where it does not. */
const flagValues: Readonly<Record<string, Values>> = {
  kubeconfig: PATH,
  context: {names: ['context']},
  cluster: {names: ['cluster']},
  user: {names: ['user']},
  as: FREE,
  'as-group': FREE,
  'as-uid': FREE,
  'request-timeout': FREE,
  'agent-namespace': {names: ['namespace']},
  from: PATH,
  around: PATH,
  filename: PATH,
  diff: PATH,
  // Only where the format is not chosen from a list.
  output: PATH,
  node: {names: ['node']},
  // Where an agent runs already, none has to be put.
  'install node': {names: ['clusterNode']},
  pod: {names: ['pod'], kinds: ['pod']},
  selector: FREE,
  namespace: {names: ['namespace']},
  policy: {names: ['policy'], kinds: ['policy']},
  without: {names: ['policy'], kinds: ['policy']},
  // The columns are those of an answer that nobody has yet.
  'sort-by': FREE,
  chain: {names: ['chain']},
  set: {names: ['set']},
  plan: PATH,
  'state-dir': PATH,
  cause: FREE,
  'confirm-within': FREE,
  'max-parallel': FREE,
  to: FREE,
  id: FREE,
  port: FREE,
  ignore: {words: lintCodes},
  protocol: {words: ['tcp', 'udp', 'sctp', 'icmp']},
  ports: FREE,
  mark: FREE,
  release: FREE,
  image: FREE,
  for: FREE,
  timeout: FREE,
  interval: FREE,
  record: PATH,
  dir: PATH,
  member: END,
}

/** By verb and argument. */
const argumentValues: Readonly<Record<string, Values>> = {
  'trace source': END,
  'trace destination': END,
  'flows which': {words: ['denied']},
  'describe what': {names: ['pod', 'policy', 'set'], kinds: describedKinds},
  'sets name': {names: ['set']},
  'resolve name': {names: ['set', 'policy', 'chain']},
}

/** Values of a flag that takes any; undefined when nobody has said what they are. */
export const valuesOfFlag = (verb: string, flag: string): Values | undefined => flagValues[`${verb} ${flag}`] ?? flagValues[flag]

export const valuesOfArgument = (verb: string, argument: string): Values | undefined =>
  argument === 'path' ? PATH : argumentValues[`${verb} ${argument}`]
