import type {DataPlane} from '../dataplane/dataplane.ts'
import {linuxPolicyCompiler} from './compile/policy-compiler.ts'
import {joinLinuxDocuments} from './documents/join.ts'
import {type LinuxDocument, linuxDocumentKinds, readLinuxDocument} from './documents/read.ts'
import {SavedChains} from './iptables/saved-chains.ts'
import {LinuxNode} from './node-state.ts'

/** Azure NPM on Linux: rules of iptables, and ipsets. */
export const linux: DataPlane = {
  name: 'linux',
  documentKinds: new Set(linuxDocumentKinds),
  policyCompiler: linuxPolicyCompiler,
  parse: readLinuxDocument,
  async redaction() {
    const {linuxRedaction} = await import('./redact/redaction.ts')
    return linuxRedaction
  },
  open(facts, documents: readonly {readonly name: string; readonly content: LinuxDocument}[]) {
    const {save, problems, ...sets} = joinLinuxDocuments(documents)
    return new LinuxNode(linux, {
      ...facts,
      ...sets,
      ...(save && {saved: new SavedChains(save)}),
      problems: [...facts.problems, ...problems],
    })
  },
}
