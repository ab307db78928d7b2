import {accounts, operatorResources, RIGHTS_GROUP, type Right} from '../../core/contract/agent.ts'
import {refused} from '../limits/refusal.ts'
import {AccessReviews, type AccessReviewsOptions} from './access-reviews.ts'
import type {Caller} from './caller.ts'

export interface RightsOptions extends AccessReviewsOptions {
  readonly namespace: string
  readonly node: string
}

/** What callers may do with resources of this node. */
export class Rights {
  private readonly options: RightsOptions
  private readonly reviews: AccessReviews

  constructor(options: RightsOptions) {
    this.options = options
    this.reviews = new AccessReviews(options)
  }

  /**
   * Checks that a caller may do something with a resource of this node.
   *
   * @throws RefusedError `FORBIDDEN` when it may not; `TOO_MANY` or `REVIEW_FAILED` when the API server could not be asked
   */
  async demand(caller: Caller, right: Right): Promise<void> {
    if (caller.kind === 'root') return
    const {namespace, node} = this.options
    const resourceAttributes = {group: RIGHTS_GROUP, ...right, name: node, namespace}
    if (await this.reviews.isAllowed(caller, {resourceAttributes}, nameOf(right))) return
    throw refused(
      'FORBIDDEN',
      `${caller.user.username} may not ${nameOf(right)} "${node}" in namespace ${namespace}`,
      caller.account === 'viewer' && operatorResources.includes(right.resource)
        ? `Only ${accounts.operator} may. Whoever has the Role kubectl-npm-operator in that namespace gets its tokens; an administrator gives it: kubectl create rolebinding NAME -n ${namespace} --role=kubectl-npm-operator --user=YOU`
        : `The Role ${accounts[caller.account]} in that namespace gives the right: apply the manifests again with kubectl npm install.`,
    )
  }
}

/** As RBAC has it: `create applies.npm.kubectl.io`. */
const nameOf = ({verb, resource}: Right): string => `${verb} ${resource}.${RIGHTS_GROUP}`
