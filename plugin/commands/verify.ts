import {Flags} from '@oclif/core'
import type {Verification, VerificationList} from '../../core/contract/verification.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {verifyEach} from '../../core/verify/verify-node.ts'
import {exitCodes, Verb} from '../command.ts'
import {dumpPaths, listFlags, type OutputFlags, outputFlag, sourceFlags, watchFlag} from '../flags.ts'
import {type SortRows, sorterOf} from '../print/sort-rows.ts'
import {verificationColumns, verificationListLines} from '../print/verification.ts'
import {chosenNodes} from '../source/open-source.ts'
import type {SourceFlags} from '../source/source-flags.ts'

type VerifyFlags = SourceFlags & OutputFlags & {readonly against: string}

export default class Verify extends Verb {
  static override summary = 'Proves that a node judges every packet as the policies say, or shows packets that it does not'
  static override description =
    'Walks all packets of new connections that the node forwards through its rules, as sets: of every pod, node and block, ' +
    'of every protocol, at every port. What is judged otherwise than the policies say is grouped by cause, each with a ' +
    'packet that `trace` confirms. --against program holds the node against what Azure NPM would program, faults included. ' +
    'Of several nodes each is verified that can be read.'
  static override exits = {
    done: 'every packet is judged as the policies say',
    no: 'there are counterexamples',
    failed: 'there are none, but not all is known',
  }
  static override examples = [
    '<%= config.bin %> verify --from dump/',
    '<%= config.bin %> verify --node aks-1 --against program',
    'sudo <%= config.bin %> verify --local --from cluster.json',
  ]
  static override args = dumpPaths
  static override flags = {
    ...sourceFlags,
    against: Flags.string({
      summary: 'What the node is held against: what the policies mean, or what Azure NPM would program',
      options: ['policies', 'program'],
      default: 'policies',
    }),
    output: outputFlag(['name'], 'name has the nodes with counterexamples'),
    ...listFlags,
    ...watchFlag,
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Verify)
    const sort = await sorterOf(flags['sort-by'], verificationColumns)
    return this.answering(flags, () => this.answer(flags, sort))
  }

  private async answer(flags: VerifyFlags, sort: SortRows<Verification>): Promise<void> {
    const source = await this.open(flags, 'each')
    const against = flags.against as Verification['against']
    const {nodes, failures: unread} = chosenNodes(source, flags)
    const {items: verified, failures: unverified} = verifyEach(nodes, {against})
    const items = sort(verified)
    const failures = [...unread, ...unverified].toSorted((a, b) => (a.node < b.node ? -1 : 1))
    const [first] = failures
    if (first && items.length === 0) throw new InputError(first.message, first.next, source.problems)
    const list: VerificationList = {apiVersion: API_VERSION, kind: 'VerificationList', items, failures}
    const [only = list] = items.length + failures.length === 1 ? items : []
    await this.printAnswer(flags, {
      document: () => only,
      table: paint => verificationListLines(list, paint),
      formats: {
        name: paint => items.filter(({result}) => result === 'counterexamples').map(({node}) => paint(`node/${node}`)),
      },
    })
    await this.report([...source.problems, ...new Set([...nodes, ...items].flatMap(({problems}) => problems))])
    const results = new Set(items.map(({result}) => result))
    const isKnown = !results.has('unknown') && failures.length === 0
    this.exit(results.has('counterexamples') ? exitCodes.no : isKnown ? exitCodes.done : exitCodes.failed)
  }
}
