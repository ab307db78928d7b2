import {NPM_CHAIN} from '../npm/chain-names.ts'

/** What plans may touch, by the form of its names, for expressions: `AZURE-NPM` and chains that start with it; the kernel takes 28 bytes. */
export const OWN_CHAIN_NAME = `${NPM_CHAIN}(?:-[A-Za-z0-9-]{1,18})?`

/** Sets of Azure NPM and those that a plan makes. */
export const OWN_SET_NAME = '(?:azure-npm|npm-new)-[0-9a-z]{1,22}'
