import {readdirSync, readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {schemas} from '../../../core/contract/index.ts'
import {schemaFiles} from '../../../scripts/schema-files.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'

/** What is printed must be what the schemas promise: nothing missing, nothing that they do not name. */

const dumps = ['captures', 'real-npm'].flatMap(folder =>
  readdirSync(fixture(folder))
    .filter(name => !name.includes('.'))
    .map(name => fixture(`${folder}/${name}`)),
)

const calls = [
  ...dumps.map(dump => ['translate', '--from', dump]),
  ...dumps.map(dump => ['sets', '--from', dump]),
  ['translate', '--from', fixture('captures/v1-nft/iptables-save.txt')],
  ['translate', '--from', fixture('captures/v2-base36-nft/ipset-save.txt')],
  ['sets', '--from', fixture('captures/v2-base36-nft/iptables-save.txt')],
  ...dumps.filter(dump => !dump.includes('bank-lite')).map(dump => ['diff', '--from', dump]),
  ...['bakery/oven-0', 'external', '10.60.0.20', '10.0.0.77'].map(end => [
    'trace',
    'storefront/till-1',
    end,
    '--port',
    '8080',
    '--from',
    fixture('captures/v2-base36-nft'),
  ]),
  ['trace', 'storefront/till-1', 'bakery/oven-0', '--port', '8080', '--from', fixture('captures/v1-nft')],
  ['trace', 'storefront/till-1', 'bakery/oven-0', '--port', 'ui', '--from', fixture('captures/v1-nft/cluster.yaml')],
  [
    'trace',
    'storefront/till-1',
    'bakery/oven-0',
    '--port',
    '80',
    '--from',
    fixture('captures/v2-base36-nft/iptables-save.txt'),
    '--from',
    fixture('captures/v2-base36-nft/cluster.yaml'),
  ],
  ['matrix', '--ports', '8080,53/udp', '--from', fixture('captures/v2-base36-nft')],
  ['compile', '-f', fixture('captures/v2-base36-nft/cluster.yaml')],
  ['compile', '--semantics', 'kubernetes', '--scheme', 'fnv32a', '-f', fixture('real-npm/bank-lite/cluster.json')],
  ['lint', '-f', fixture('captures/v2-base36-nft/cluster.yaml')],
  ['matrix', '--ports', '80', '--from', fixture('captures/v1-nft/cluster.yaml')],
  ['matrix', '--ports', '8080', '--from', fixture('captures/v2-base36-nft'), '--diff', fixture('captures/empty-nft')],
  ['verify', '--from', fixture('two-nodes')],
  ['verify', '--from', fixture('captures/v1-nft')],
  ['verify', '--from', fixture('real-npm/shop-sha256'), '--against', 'program'],
  ['resolve', 'app=web', 'azure-npm-784554818', 'azure-npm-1', 'x/y', 'AZURE-NPM-INGRESS-1'],
]

describe('JSON keeps its contract', () => {
  test.each(calls.map(args => ({args})))('$args', async ({args}) => {
    const {stdout} = await runCli([...args, '-o', 'json'])
    const document = JSON.parse(stdout)
    const schema = schemas[document.kind as keyof typeof schemas]
    // Parsing leaves out what the schema does not name, so the comparison finds that too.
    expect(schema.parse(document)).toEqual(document)
  })

  test('YAML says the same', async () => {
    const args = ['translate', '--from', fixture('captures/v2-base36-nft')]
    const [json, yaml] = await Promise.all([runCli([...args, '-o', 'json']), runCli([...args, '-o', 'yaml'])])
    expect(parse(yaml.stdout)).toEqual(JSON.parse(json.stdout))
  })

  test.each(schemaFiles())('docs/schema/$kind.json is what the code says (npm run schemas)', ({url, text}) => {
    expect(readFileSync(url, 'utf8')).toBe(text)
  })
})
