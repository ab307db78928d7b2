import {type ParseArgsConfig, parseArgs} from 'node:util'

/**
 * The options of a script, as `parseArgs` gives them. Asked for help, or told what it does not know, a script says how it is called, and ends.
 *
 * @param usage  each way to call it, a line each
 * @param config as for `parseArgs`
 */
export function scriptOptions<const Config extends ParseArgsConfig>(
  usage: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  const args = process.argv.slice(2)
  if (args.some(word => word === '--help' || word === '-h')) {
    console.log(usage)
    process.exit(0)
  }
  try {
    return parseArgs<Config>(config)
  } catch (error) {
    console.error(`error: ${(error as Error).message}\n  It is called so:\n${usage.replaceAll(/^(?=.)/gm, '    ')}`)
    process.exit(2)
  }
}
