import {readFile} from 'node:fs/promises'
import {request} from 'node:https'
import {fc} from '@fast-check/vitest'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {isRefused, policyFaults} from '../../core/kubernetes/refused-policy.ts'
import {describeControlPlane} from '../support/cluster/describe.ts'
import {writtenPolicies, writtenPolicy} from '../support/cluster/written-policies.ts'
import {type ControlPlane, startControlPlane} from './lab/control-plane.ts'

/** What the API server says to a policy, without keeping it. */
interface Answer {
  readonly isRefused: boolean
  /** Fields that it names, as it spells them; without indexes where it names types of Go. */
  readonly fields: readonly string[]
  /** Fields of which it warns. */
  readonly warned: readonly string[]
  readonly message: string
}

interface Status {
  readonly message?: string
  readonly details?: {readonly causes?: readonly {readonly field?: string}[]}
}

const STRICT = /(?:unknown|duplicate) field "([^"]+)"/g
const GO_FIELD = /Go struct field \w+\.(\S+) of type/

function ask({url, ca, token}: {url: string; ca: string; token: string}, object: unknown): Promise<Answer> {
  const path = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies?dryRun=All&fieldValidation=Strict'
  return new Promise((resolve, reject) => {
    const headers = {authorization: `Bearer ${token}`, 'content-type': 'application/json'}
    const sent = request(new URL(path, url), {method: 'POST', ca, headers}, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (text += part))
      response.on('end', () => {
        const status = JSON.parse(text) as Status
        const {message = '', details} = status
        const type = GO_FIELD.exec(message)?.[1]
        const causes = details?.causes?.flatMap(({field}) => field ?? []) ?? []
        const warning = [response.headers.warning ?? []].flat().join(' ')
        resolve({
          isRefused: (response.statusCode ?? 0) >= 400,
          fields: [...causes, ...[...message.matchAll(STRICT)].map(([, field]) => field as string), ...(type ? [type] : [])],
          warned: [...warning.matchAll(/299 \S+ "((?:spec|metadata)[^:"]*):/g)].map(([, field]) => field as string),
          message,
        })
      })
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(object))
  })
}

/** The API server stops at types, then at unknown fields, and only then looks at values: it may name fewer fields than we do. */
async function disagreement(access: Parameters<typeof ask>[0], object: unknown): Promise<string | undefined> {
  const answer = await ask(access, object)
  const faults = policyFaults(object)
  const found = new Set(faults.filter(isRefused).map(({field}) => field))
  const plain = new Set([...found].map(withoutIndexes))
  const warned = faults.filter(fault => !isRefused(fault)).map(({field}) => field)
  // It judges the name that it generated, too.
  const isGenerated = answer.fields.includes('metadata.generateName')
  const named = answer.fields.filter(field => !(isGenerated && field === 'metadata.name'))
  const missing = named.filter(field => !found.has(field) && !plain.has(withoutIndexes(field)))
  const unwarned = answer.isRefused ? [] : answer.warned.filter(field => !warned.includes(field))
  const needless = answer.isRefused ? [] : warned.filter(field => !answer.warned.includes(field))
  if (answer.isRefused === found.size > 0 && missing.length + unwarned.length + needless.length === 0) return undefined
  return `${JSON.stringify(object)}: the server ${answer.isRefused ? `refuses: ${answer.message}` : 'takes it'}, and we find ${[...found].join(', ')}; it warns of ${answer.warned.join(', ')}, and we of ${warned.join(', ')}`
}

const withoutIndexes = (field: string): string => field.replaceAll(/\[\d+\]/g, '')

describeControlPlane('what the API server refuses', () => {
  let cluster: ControlPlane
  let access: Parameters<typeof ask>[0]

  beforeAll(async () => {
    cluster = await startControlPlane()
    access = {url: cluster.url, ca: await readFile(cluster.caFile, 'utf8'), token: cluster.tokenOf('admin')}
  })

  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]()
  })

  test('is what is found, field for field', async () => {
    const wrong: string[] = []
    for (const {name, object} of writtenPolicies) {
      const found = await disagreement(access, object)
      if (found !== undefined) wrong.push(`${name}: ${found}`)
    }
    expect(wrong).toEqual([])
  })

  test('is found in any policy', async () => {
    let refused = 0
    let runs = 0
    await fc.assert(
      fc.asyncProperty(writtenPolicy, async object => {
        runs++
        if (policyFaults(object).some(isRefused)) refused++
        expect(await disagreement(access, object)).toBeUndefined()
      }),
      {numRuns: 400},
    )
    // Both kinds occur, or the test says nothing.
    expect(refused).toBeGreaterThan(20)
    expect(runs - refused).toBeGreaterThan(20)
  })
})
