import type {Rule} from '../iptables/model.ts'
import type {Done, State} from './packet-parts.ts'
import type {Passing} from './passing.ts'
import {type Effect, effectOf} from './target.ts'

/** No host has an address below 1.0.0.0, so no rule translates to one. */
const FIRST_REAL_ADDRESS = 0x01000000

/** The states that packets of a walk come into. Equal ones are the same object, and remember what each rule's target does to them. */
export class PacketStates {
  private readonly states = new Map<string, State>()

  of(packet: Passing): State {
    const {host: _, ...fields} = packet
    const key = JSON.stringify(fields)
    let state = this.states.get(key)
    if (!state) {
      state = {packet, effects: new Map()}
      this.states.set(key, state)
    }
    return state
  }

  /** What the target of a rule does to packets in a state. */
  effect(rule: Rule, state: State): Done {
    const known = state.effects.get(rule)
    if (known) return known
    const effect = this.withStates(effectOf(rule.target, state.packet, 'PREROUTING'))
    state.effects.set(rule, effect)
    return effect
  }

  private withStates(effect: Effect): Done {
    if (effect.kind === 'changed') return {...effect, states: [this.of(effect.packet)]}
    if (effect.kind !== 'translated') return effect
    // Senders and receivers are kept apart from the rest of a packet: what is made of their own addresses is not followed.
    if (effect.packets.some(({source, destination}) => source !== 0 || destination < FIRST_REAL_ADDRESS))
      return {kind: 'unknown', reason: 'an address is translated to what depends on it'}
    return {...effect, states: effect.packets.map(packet => this.of(packet))}
  }
}
