/** `14:05:12`. What JavaScript itself writes of a time asks for the name of the zone, which costs as much as a frame. */
export function clockText(ms: number): string {
  const at = new Date(ms)
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(part => String(part).padStart(2, '0')).join(':')
}
