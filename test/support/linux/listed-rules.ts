import type {LinuxProgram} from '../../../core/linux/npm/program.ts'

/** Policies with all their rules, which are otherwise made when they are asked for. */
export const listedRules = (policies: LinuxProgram['policies']) =>
  policies.map(({chains, baseRules, ...rest}) => ({
    ...rest,
    chains: chains.map(({rules, ...chain}) => ({...chain, rules: [...rules]})),
    ...(baseRules && {baseRules: [...baseRules]}),
  }))
