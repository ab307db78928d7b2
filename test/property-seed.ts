import {configureGlobal} from 'fast-check'

/**
 * The seed of property tests that name none. It is always the same, so that a run is green or red for what it was given;
 * `FAST_CHECK_SEED=random` gives each test its own, and a number that one.
 */
const SEED = 20_261_130

const asked = process.env['FAST_CHECK_SEED'] ?? String(SEED)
if (asked !== 'random') {
  if (!/^-?\d+$/.test(asked)) throw new Error(`FAST_CHECK_SEED is neither "random" nor a whole number: ${asked}`)
  configureGlobal({seed: Number(asked)})
}
