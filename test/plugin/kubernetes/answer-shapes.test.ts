import {describe, expect, test} from 'vitest'
import {InputError} from '../../../core/problem/input-error.ts'
import {
  anyShape,
  metadataListShape,
  objectShape,
  podShape,
  podsShape,
  readAnswer,
} from '../../../plugin/kubernetes/answer-shapes.ts'
import {startFakeAgent} from '../../support/plugin/fake-agent.ts'
import {type FakeApiOptions, startFakeApiServer} from '../../support/plugin/fake-api-server.ts'
import {runCli} from '../../support/plugin/run-cli.ts'

const errorOf = (work: () => unknown): InputError => {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(InputError)
    return error as InputError
  }
  throw new Error('it was read')
}

const shapes = {anyShape, metadataListShape, objectShape, podShape, podsShape}

describe.each(Object.entries(shapes))('an answer that should be a %s', (_, shape) => {
  test.each(['', 'null', '[]', '1', '"text"', 'true', '<html>', '{', '[null]'])('and is %j is refused in words', body => {
    const {message, next} = errorOf(() => readAnswer('GET /api/v1/pods?a=b', body, shape as typeof anyShape))
    expect(message).toMatch(/^GET \/api\/v1\/pods: the answer is not one of a Kubernetes API server: ./)
    expect(next).toContain('kubeconfig')
  })
})

test.each([
  {body: {}, says: 'items: '},
  {body: {items: {}}, says: 'items: '},
  {body: {items: [null]}, says: 'items.0: '},
  {body: {items: [{metadata: null}]}, says: 'items.0.metadata: '},
  {body: {items: [{metadata: {name: 1}, spec: {}}]}, says: 'items.0.metadata.name: '},
  {body: {items: [{metadata: {name: 'a'}}]}, says: 'items.0.spec: '},
  {body: {items: [{metadata: {name: 'a'}, spec: {}, status: {conditions: {}}}]}, says: 'items.0.status.conditions: '},
])('the field that is wrong is named: $says', ({body, says}) => {
  expect(errorOf(() => readAnswer('GET /x', JSON.stringify(body), podsShape)).message).toContain(`server: ${says}`)
})

test('a long page is cut, on one line', () => {
  const {message} = errorOf(() => readAnswer('GET /x', `<html>\n${'x'.repeat(10_000)}`, anyShape))
  expect(message.length).toBeLessThan(200)
  expect(message).toContain('<html> xxx')
})

test('no items are null, and what is not read may be anything', () => {
  expect(readAnswer('GET /x', '{"items": null}', podsShape).items).toEqual([])
  expect(readAnswer('GET /x', '{"novelty": 1, "items": []}', podsShape)).toMatchObject({novelty: 1})
})

const nonsense: readonly unknown[] = [
  null,
  [],
  'text',
  '<html><title>Sign in</title>',
  {},
  {items: {}},
  {items: [null]},
  {items: [{metadata: null}]},
  {status: null},
]

const questions: {args: string[]; path: RegExp}[] = [
  {args: ['translate'], path: /./},
  {args: ['diff'], path: /\/pods$/},
  {args: ['sets'], path: /\/daemonsets$/},
  {args: ['trace', 'a/b', 'c/d', '--port', '80'], path: /./},
  {args: ['translate'], path: /\/token$/},
  {args: ['translate', '--pod', 'shop/web-0'], path: /\/pods\/web-0$/},
  {args: ['translate', '-l', 'a=b'], path: /\/nodes$/},
  {args: ['status'], path: /./},
  {args: ['dump', '-o', '/no/such/dump.tgz'], path: /daemonsets$/},
  {args: ['install', '--dry-run'], path: /./},
  {args: ['install', '--ephemeral', '--node', 'aks-1'], path: /./},
  {args: ['uninstall', '--yes'], path: /./},
]
const SHARE = 3

describe.each(questions.map((each, index) => ({...each, index})))(
  '$args with an answer of another shape at $path',
  ({args, path, index}) => {
    test('ends with words that name the request', async () => {
      await using agent = await startFakeAgent({node: 'aks-1'})
      // One after the other is quicker than to start an API server for each.
      let body: unknown
      const answer: FakeApiOptions['answer'] = (_, asked) => (path.test(asked) ? {body} : undefined)
      await using api = await startFakeApiServer({agents: {'aks-1': agent.port}, answer})
      for (body of nonsense.filter((_, at) => at % SHARE === index % SHARE)) {
        const {stderr, exitCode, stdout} = await runCli(args, {env: api.env})
        const seen = `${JSON.stringify(body)}: ${stderr}`
        expect([stdout, exitCode], seen).toEqual(['', 2])
        expect(seen).not.toContain('fault of kubectl npm')
        expect(seen).toMatch(/error: .*(?:GET|POST|PATCH) \/api.*: the answer is not one of a Kubernetes API server: /)
      }
    })
  },
)
