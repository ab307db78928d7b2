import {describe, expect, test} from 'vitest'
import {type Procedure, procedureRights, writeProcedures} from '../../../core/contract/agent.ts'
import {type FakeAgentOptions} from '../../support/plugin/fake-agent.ts'
import {refusal, startFakeApiServer} from '../../support/plugin/fake-api-server.ts'
import {runCli} from '../../support/plugin/run-cli.ts'
import {apiFor, startNode} from '../../support/plugin/written-nodes.ts'

/** What is said to those who may not write, and of agents that do not. */

describe('whoever may not', () => {
  test('is told which right is missing and which role has it, before anything is read', async () => {
    await using node = await startNode('aks-1')
    await using api = await startFakeApiServer({
      agents: {'aks-1': node.agent.port},
      answer: (_method, path) =>
        path.endsWith('npm-operator/token')
          ? refusal(
              403,
              'Forbidden',
              'serviceaccounts "npm-operator" is forbidden: User "eve" cannot create resource "serviceaccounts/token" in API group "" in the namespace "kubectl-npm"',
            )
          : undefined,
    })
    for (const args of [['apply', '--yes'], ['rollback', '--yes'], ['confirm']]) {
      const {stderr, exitCode} = await runCli(args, {env: api.env})
      expect(stderr).toContain('Role kubectl-npm-operator has it')
      expect(stderr).toContain('--role=kubectl-npm-operator --user=eve')
      expect(exitCode).toBe(2)
    }
    expect(node.agent.calls).toEqual([])
    expect((await runCli(['apply', '--dry-run'], {env: api.env})).exitCode).toBe(1)
  })

  test('even list pods is told the role that is needed for the whole verb', async () => {
    const forbidden = 'pods is forbidden: User "eve" cannot list resource "pods" in API group "" in the namespace "kubectl-npm"'
    await using api = await startFakeApiServer({
      agents: {},
      answer: (_method, path) => (path.endsWith('kubectl-npm/pods') ? refusal(403, 'Forbidden', forbidden) : undefined),
    })
    const role = async (...args: string[]) => /--role=(\S+)/.exec((await runCli(args, {env: api.env})).stderr)?.[1]
    for (const args of [['apply', '--yes'], ['rollback', '--yes'], ['confirm']])
      expect(await role(...args), args.join(' ')).toBe('kubectl-npm-operator')
    for (const args of [['apply', '--dry-run'], ['rollback', '--list'], ['diff']])
      expect(await role(...args), args.join(' ')).toBe('kubectl-npm-viewer')
  })

  test.each<{name: string; hello: FakeAgentOptions['hello']; says: string}>([
    {
      name: 'was installed to read only',
      hello: {procedures: (Object.keys(procedureRights) as Procedure[]).filter(name => !writeProcedures.includes(name))},
      says: 'its agent was installed to read only',
    },
    {
      name: 'is of before there were such verbs',
      hello: {contract: {major: 1, minor: 0}, procedures: ['hello', 'status', 'openSnapshot', 'readSnapshot', 'closeSnapshot']},
      says: 'is older than verbs that write',
    },
  ])('an agent that $name is named', async ({hello, says}) => {
    await using node = await startNode('aks-1', {...(hello && {hello})})
    await using api = await apiFor({'aks-1': node})
    for (const args of [['apply', '--yes'], ['rollback', '--yes'], ['rollback', '--list'], ['confirm']]) {
      const {stderr, exitCode} = await runCli(args, {env: api.env})
      expect(stderr).toContain(`node aks-1: `)
      expect(stderr).toContain(says)
      expect(exitCode).toBe(2)
    }
  })
})
