import {buildOnce} from '../build-once.ts'
import {builtFolder} from '../built-programs.ts'

/** The agent's image, a docker archive: what `npm run image` makes. */
export const agentImage = (): Promise<string> =>
  buildOnce('agent.tar', 'scripts/image/build.ts', '--dist', builtFolder, '--output')
