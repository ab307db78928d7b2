import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {parseIptablesSave} from '../../../core/linux/iptables/parse.ts'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import type {SetMeaning} from '../../../core/names/set-name.ts'
import {v1CommentNames, v1SetMeaning} from '../../../core/names/v1-name.ts'
import {labelKey, labelValue, namespaceName} from '../../support/arbitrary-names.ts'
import {nodeNamed} from '../../support/dump-fixture.ts'
import {program} from '../../support/programs/program.ts'

test.each<{name: string; type?: string; meaning: SetMeaning}>([
  {name: 'all-namespaces', type: 'list:set', meaning: {type: 'KeyLabelOfNamespace', key: 'all-namespaces'}},
  {name: 'namedport:http', type: 'hash:ip,port', meaning: {type: 'NamedPorts', port: 'http'}},
  {name: 'ns-shop', type: 'hash:net', meaning: {type: 'Namespace', namespace: 'shop'}},
  {name: 'ns-team', type: 'list:set', meaning: {type: 'KeyLabelOfNamespace', key: 'team'}},
  {name: 'ns-shop', meaning: {type: 'Unknown'}},
  {name: 'ns-team:a', type: 'list:set', meaning: {type: 'KeyValueLabelOfNamespace', key: 'team', values: ['a']}},
  {name: 'ns-team:a', meaning: {type: 'KeyValueLabelOfNamespace', key: 'team', values: ['a']}},
  {name: 'app', type: 'hash:net', meaning: {type: 'KeyLabelOfPod', key: 'app'}},
  {name: 'app:web', type: 'hash:net', meaning: {type: 'KeyValueLabelOfPod', key: 'app', values: ['web']}},
  {name: 'shift:', type: 'hash:net', meaning: {type: 'KeyValueLabelOfPod', key: 'shift', values: ['']}},
  {name: 'app:web:api', type: 'list:set', meaning: {type: 'NestedLabelOfPod', key: 'app', values: ['web', 'api']}},
  {name: 'app:web:api', meaning: {type: 'NestedLabelOfPod', key: 'app', values: ['web', 'api']}},
  {name: 'office-in-ns-shop-0in', type: 'hash:net', meaning: {type: 'CIDRBlocks', policy: 'shop/office', rule: 0}},
  {name: 'office-in-ns-shop-12out', meaning: {type: 'CIDRBlocks', policy: 'shop/office', rule: 12}},
  {name: 'a-in-ns-b-in-ns-c-0in', type: 'hash:net', meaning: {type: 'CIDRBlocks'}},
  {name: 'a-in-ns-b-0in', type: 'list:set', meaning: {type: 'NestedLabelOfPod', key: 'a-in-ns-b-0in', values: []}},
  {name: 'kube-system', type: 'hash:net', meaning: {type: 'EmptySet'}},
])('the v1 name $name of a set of type $type: $meaning', ({name, type, meaning}) => {
  expect(v1SetMeaning(name, type)).toEqual(meaning)
})

test.each<{comment: string; holds: string[]}>([
  {comment: 'DROP-ALL-TO-app:db-IN-ns-shop', holds: ['app:db', 'ns-shop']},
  {comment: 'DROP-ALL-FROM-ns-shop', holds: ['ns-shop']},
  {comment: 'ALLOW-ALL-TO-app:db-AND-!tier-IN-ns-shop', holds: ['app:db', 'tier', 'ns-shop']},
  {comment: 'ALLOW-all-namespaces-AND-TCP-PORT-80-TO-ns-shop', holds: ['all-namespaces', 'ns-shop']},
  {comment: 'ALLOW-ns-!team:guests-TO-ns-shop', holds: ['ns-team:guests', 'ns-shop']},
  {comment: 'ALLOW-ALL-TCP-PORT-http-TO-ns-shop', holds: ['namedport:http', 'ns-shop']},
  {comment: 'ALLOW-ALL-TO-UDP-PORT-dns-FROM-app:x-AND-y-IN-ns-shop', holds: ['namedport:dns', 'app:x-AND-y', 'ns-shop']},
  {comment: 'ALLOW-app:a-TO-b-AND-TCP-PORT-80-TO-app:x-IN-ns-z-IN-ns-shop', holds: ['app:a-TO-b', 'app:x-IN-ns-z', 'ns-shop']},
  {comment: 'ALLOW-ALL-TO-app:x-TO-AND-tier:FROM-IN-ns-shop', holds: ['app:x-TO', 'tier:FROM', 'ns-shop']},
  {comment: 'ALLOW-ALL-TO-app:x-AND-AND-tier:PORT-AND-IN-ns-shop', holds: ['app:x-AND', 'tier:PORT-AND', 'ns-shop']},
])('$comment may hold $holds', ({comment, holds}) => {
  expect([...v1CommentNames(comment, holds.length, name => holds.includes(name), false)].toSorted()).toEqual(holds.toSorted())
})

test('fragments are joined only while sets have no name', () => {
  const tried = (known: readonly string[]): string[] => {
    const texts: string[] = []
    v1CommentNames('ALLOW-app:a-AND-tier:b-IN-ns-shop', 3, name => texts.push(name) > 0 && known.includes(name), false)
    return texts
  }
  expect(tried(['app:a', 'tier:b', 'ns-shop'])).toEqual(['app:a', 'tier:b', 'ns-shop'])
  expect(tried(['app:a-AND-tier:b', 'ns-shop'])).toContain('app:a-AND-tier:b-IN-ns-shop')
})

describe.each(['captures/v1-nft', 'captures/v1-legacy'])('%s', name => {
  const {tables} = parseIptablesSave([nodeNamed(name).rules])
  const rules = [...(tables.get('filter')?.chains.values() ?? [])].flatMap(chain => chain.rules)
  const rows = rules.flatMap(({matches, line}) => {
    const comment = matches.find(match => match.kind === 'comment')?.text
    const sets = matches.flatMap(match => (match.kind === 'set' ? [match.set] : []))
    return comment === undefined || sets.length === 0 ? [] : [{line, comment, sets}]
  })
  const {setNames} = program('v1')

  test('every set of every rule is found in its comment, but those that the kernel cut off', () => {
    const missing = rows.flatMap(({comment, sets}) => {
      const wanted = new Set(sets)
      const fits = (name: string): boolean => wanted.has(setKernelName(name, 'fnv32a'))
      const names = v1CommentNames(comment, wanted.size, fits, comment.length >= 255)
      const found = new Set([...names].map(each => setKernelName(each, 'fnv32a')))
      return sets.filter(set => !found.has(set)).map(set => ({name: setNames.get(set), length: comment.length}))
    })
    expect(rows.length).toBeGreaterThan(25)
    expect(missing.filter(({length}) => length < 255)).toEqual([])
    expect(missing.map(({name: set}) => set?.slice(0, 12))).toEqual([
      'ns-wholesale',
      'app:sourdoug',
      'ns-wholesale',
      'app:sourdoug',
      'ns-wholesale',
      'app:sourdoug',
    ])
  })
})

const label = fc.tuple(labelKey, labelValue).map(([key, value]) => `${key}:${value}`)
/** Fewer pieces of glue than the search for names gives up at. */
const isShort = (text: string): boolean => text.split(/AND|TO|FROM|IN-ns-|PORT/).length <= 4

propertyTest.prop([
  namespaceName,
  fc.array(label.filter(isShort), {minLength: 1, maxLength: 3}),
  label.filter(isShort),
  fc.boolean(),
])('every name of a comment as NPM v1 composes it is among those it may hold', (namespace, target, peer, isNegated) => {
  const targets = target.toSorted().map(each => (isNegated ? `!${each}` : each))
  const comment = `ALLOW-ns-${peer}-AND-TCP-PORT-http-TO-${targets.join('-AND-')}-IN-ns-${namespace}`
  const wanted = new Set([...target, `ns-${peer}`, 'namedport:http', `ns-${namespace}`])
  const names = v1CommentNames(comment, wanted.size, name => wanted.has(name), false)
  expect([...wanted].filter(name => !names.has(name))).toEqual([])
})
