/** Commands that switch kubectl's own completion on, by shell. */
export const shellCommands: Readonly<Record<string, string>> = {
  bash: 'source <(kubectl completion bash)',
  zsh: 'source <(kubectl completion zsh)',
  fish: 'kubectl completion fish | source',
  powershell: 'kubectl completion powershell | Out-String | Invoke-Expression',
}

/** What those commands need. */
const needs: Readonly<Record<string, string>> = {bash: '; it needs the package bash-completion', zsh: ', behind compinit'}

/**
 * Tells which line a shell still needs.
 *
 * @param env where it says which shell somebody uses (SHELL); all are told where it does not
 */
export function shellLines(env: Readonly<Record<string, string | undefined>>): string[] {
  const [, own = ''] = /([^/\\]+?)(?:\.exe)?$/.exec(env['SHELL'] ?? '') ?? []
  const command = shellCommands[own]
  if (command !== undefined)
    return [
      "kubectl's own completion has to be on. If it is not yet:",
      `  ${command}`,
      `in the file that ${own} reads at its start${needs[own] ?? ''}.`,
    ]
  return [
    "kubectl's own completion has to be on. If it is not yet, in the file that the shell reads at its start:",
    ...Object.entries(shellCommands).map(([shell, line]) => `  ${shell.padEnd(10)}  ${line}`),
  ]
}

/** The two programs on PATH, as paths. */
interface FoundPrograms {
  readonly program: string | undefined
  readonly completer: string | undefined
  readonly isUsable: boolean
}

/** How completion works, whether its programs are there, and what to do if not. */
export function completionLines(
  {program, completer, isUsable}: FoundPrograms,
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const install = program === undefined || completer !== undefined ? '' : '; put it there: kubectl npm completion --install'
  const whose = completer !== undefined && program !== undefined && !isUsable ? ', which is not of kubectl npm' : ''
  return [
    'Where kubectl (1.26 or later) completes its own words, it asks kubectl_complete-npm for those of kubectl npm.',
    '',
    `kubectl-npm           ${program ?? 'not on PATH: add its folder'}`,
    `kubectl_complete-npm  ${completer ?? 'not on PATH'}${whose}${install}`,
    '',
    ...shellLines(env),
  ]
}
