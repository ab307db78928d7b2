/*
 * The least that compiling costs in Node: `read-and-write.mjs FILE` reads the JSON of a cluster and writes the members of its
 * pods' sets, without hashing, policies, or looking at what is in the file. JavaScript, as Node runs it at once.
 */
import {readFileSync} from 'node:fs'

const {items} = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const sets = new Map()
const add = (name, member) => {
  let set = sets.get(name)
  if (!set) sets.set(name, (set = new Set()))
  set.add(member)
}
for (const {kind, metadata, spec, status} of items) {
  if (kind !== 'Pod') continue
  const address = status.podIP
  for (const key in metadata.labels) {
    add(`podlabel-${key}`, address)
    add(`podlabel-${key}:${metadata.labels[key]}`, address)
  }
  for (const {ports} of spec.containers)
    for (const {name, containerPort} of ports ?? []) add(`namedport:${name}`, `${address},tcp:${containerPort}`)
  add(`ns-${metadata.namespace}`, address)
}
const lines = []
for (const [name, members] of sets) for (const member of members) lines.push(`-A ${name} ${member}\n`)
process.stdout.write(lines.join(''))
