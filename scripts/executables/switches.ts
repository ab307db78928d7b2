/**
 * Switches of V8 in an executable. What it would compile on the side is less than what it costs to hand that over, in a program that runs for a
 * tenth of a second. It is among the few that V8's caches do not ask for, those in Node as well: nearly any other makes it compile all again.
 */
export const switches: readonly string[] = ['--no-concurrent-sparkplug']
