import {z} from 'zod'
import {accounts, LONGEST_TOKEN_SECONDS} from '../../core/contract/agent.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {ApiError} from '../kubernetes/api-error.ts'

const tokenShape = z.looseObject({status: z.looseObject({token: z.string()})})

/** Requests tokens of one of the two accounts from the API server. Each is valid for one key of one agent, for ten minutes. */
export class Tokens {
  private readonly api: ClusterApi
  private readonly account: keyof typeof accounts
  private canBind = true

  constructor(api: ClusterApi, account: keyof typeof accounts) {
    this.api = api
    this.account = account
  }

  /**
   * @param node the token is bound to it and ends with it, where the API server supports that (by default since 1.31)
   * @throws ApiError
   */
  async tokenFor(audience: string, node: string, signal: AbortSignal): Promise<string> {
    if (this.canBind)
      try {
        return await this.request(audience, node, signal)
      } catch (error) {
        // An older server refuses the binding to a node. Any other error is final.
        if (!(error instanceof ApiError) || error.status !== 400) throw error
        this.canBind = false
      }
    return this.request(audience, undefined, signal)
  }

  private async request(audience: string, node: string | undefined, signal: AbortSignal): Promise<string> {
    const path = `/api/v1/namespaces/${encodeURIComponent(this.api.agentNamespace)}/serviceaccounts/${accounts[this.account]}/token`
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: [audience],
        expirationSeconds: LONGEST_TOKEN_SECONDS,
        ...(node !== undefined && {boundObjectRef: {apiVersion: 'v1', kind: 'Node', name: node}}),
      },
    }
    try {
      const {status} = await this.api.call('POST', path, tokenShape, {body, signal})
      return status.token
    } catch (error) {
      throw error instanceof ApiError && error.status === 404 ? this.noAccount(error) : error
    }
  }

  private noAccount({message, status, reason}: ApiError): ApiError {
    const {agentNamespace} = this.api
    if (this.account === 'viewer')
      return new ApiError(message, 'A part of what install made is gone. Make it again: kubectl npm install', {status, reason})
    return new ApiError(
      `nobody may write: the agents were installed to read only, without account ${accounts.operator} in namespace ${agentNamespace}`,
      'Install them again without --read-only: kubectl npm install. Or write on the node itself, as root, with --local.',
      {status, reason},
    )
  }
}
