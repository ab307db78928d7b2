import type {Generation} from '../../names/name-index.ts'
import type {Problem} from '../../problem/problem.ts'
import type {Rule} from '../iptables/model.ts'
import type {IndexedTable, SaveIndex} from '../iptables/save-model.ts'
import type {SavedChains} from '../iptables/saved-chains.ts'
import {UNKNOWN_TABLE} from '../iptables/table-index.ts'
import {INGRESS_ALLOW_CHAIN, isNpmChain, NPM_CHAIN, v1RuleChains} from './chain-names.ts'
import {wholeWordMarks} from './marks.ts'
import {policyChain} from './policy-chain.ts'

/** Chains that only NPM v1 has. */
const V1_CHAINS = [v1RuleChains.Ingress.ports, v1RuleChains.Egress.ports]
/** A chain that only NPM v2 has. */
const V2_CHAIN = INGRESS_ALLOW_CHAIN

/**
 * Azure NPM's chains in a save. Rules are parsed on demand and cached, because naming sets and printing rules both need
 * them.
 */
export class NpmChains {
  readonly save: SaveIndex | undefined
  readonly table: IndexedTable | undefined
  readonly problems: Problem[] = []
  /** Whether a release before v1.4.24 programmed the chains. These releases use all 32 bits of the mark. */
  get hasOldMarks(): boolean {
    return this.rules(V2_CHAIN).some(({target}) => target?.kind === 'mark' && target.value === wholeWordMarks.ingressAllowed)
  }

  /** Azure NPM's chains, in the order of the dump. */
  readonly names: readonly string[]
  readonly policyChains: readonly string[]
  /**
   * The generation of Azure NPM that programmed the chains. After an upgrade the other generation's chains remain for some
   * minutes, but empty. Without any chain of Azure NPM it is `absent` in a complete save, else `unknown`.
   */
  readonly generation: Generation | 'mixed' | 'absent' | 'unknown'
  private readonly saved: SavedChains | undefined
  private readonly read = new Map<string, readonly Rule[]>()
  private readonly about: readonly string[] | undefined

  /** @param about kernel names of sets and policy chains: in Azure NPM's chains, only rules that name one of them are parsed */
  constructor(saved: SavedChains | undefined, about?: ReadonlySet<string>) {
    const save = saved?.save
    this.saved = saved
    this.save = save
    this.about = about && [...about]
    this.table = save && npmTable(save)
    // Filter once: `names` is used often, and a large node has 100,000 chains.
    this.names = [...(this.table?.chains.keys() ?? [])].filter(isNpmChain)
    this.policyChains = this.names.filter(name => policyChain(name) !== undefined && (!about || about.has(name)))
    this.generation = this.findGeneration()
  }

  has(chain: string): boolean {
    return this.table?.chains.has(chain) ?? false
  }

  /** The rules of a chain, in order. Empty if the save does not contain the chain. */
  rules(name: string): readonly Rule[] {
    const known = this.read.get(name)
    if (known) return known
    const {about, saved, table} = this
    const chain =
      about && isNpmChain(name)
        ? saved?.someRules(table?.name ?? '', name, line => about.some(word => line.includes(word)))
        : saved?.chain(table?.name ?? '', name)
    if (!chain) return []
    const {rules, problems} = chain
    this.problems.push(...problems)
    this.read.set(name, rules)
    return rules
  }

  /** Whether a chain has no rules. Does not parse them. */
  isEmpty(name: string): boolean {
    return (this.table?.chains.get(name)?.blocks.length ?? 0) === 0
  }

  /** Whether a missing rule is known to be absent. A truncated save may have lost it. */
  get isComplete(): boolean {
    return this.save !== undefined && hasAllRules(this.save)
  }

  private findGeneration(): NpmChains['generation'] {
    if (this.names.length === 0) return this.isComplete ? 'absent' : 'unknown'
    const isV1 = V1_CHAINS.some(name => !this.isEmpty(name))
    const isV2 = !this.isEmpty(V2_CHAIN) || this.policyChains.some(name => !this.isEmpty(name))
    if (isV1 && isV2) return 'mixed'
    if (isV1 || isV2) return isV1 ? 'v1' : 'v2'
    return V1_CHAINS.some(name => this.has(name)) ? 'v1' : 'v2'
  }
}

/** The table with Azure NPM's chains: `filter`, or the unknown table if the start of the save is lost. */
export function npmTable({tables}: SaveIndex): IndexedTable | undefined {
  const filter = tables.get('filter')
  const unknown = tables.get(UNKNOWN_TABLE)
  return filter?.chains.has(NPM_CHAIN) || !unknown ? filter : unknown
}

/** Whether a save is known to contain everything that Azure NPM programmed. Does not scan its chains. */
export const hasAllRules = (save: SaveIndex): boolean => npmTable(save)?.isComplete ?? save.hasAllTables ?? false
