import type {DocumentContent} from '../contract/node-documents.ts'

/** What a file holds, told by its content; names of files prove nothing. */
export const documentKinds = [
  'iptables-save',
  'ip6tables-save',
  'ipset-save',
  'ipset-list',
  'restore',
  'json',
  'yaml',
  'npm-metrics',
  'empty',
  'binary',
  'other',
] as const
export type DocumentKind = (typeof documentKinds)[number]

/** The kind of text in which a content stands. */
export const kindOfContent = {
  'iptables-save': 'iptables-save',
  'ipset-save': 'ipset-save',
  'ipset-list': 'ipset-list',
  'npm-cache': 'json',
  'npm-metrics': 'npm-metrics',
  cluster: 'json',
} as const satisfies Readonly<Record<DocumentContent, DocumentKind>>
