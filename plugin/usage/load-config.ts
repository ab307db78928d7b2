import {Config, type Interfaces} from '@oclif/core'

/**
 * What oclif knows of the program. It would read colours from a file in the user's home, which nothing here prints by. It also asks the system for the user's shell and home, which nothing here uses, and throws where a
 * user has no entry in /etc/passwd: in containers that run as any number. So it is told something while it asks.
 */
export async function loadConfig(load: Interfaces.Options): Promise<Config> {
  const untold = ['SHELL', 'HOME'].filter(name => process.env[name] === undefined)
  for (const name of untold) process.env[name] = '/'
  try {
    const config = Object.assign(new Config(load), {loadTheme: async () => undefined})
    await config.load()
    return config
  } finally {
    for (const name of untold) delete process.env[name]
  }
}
