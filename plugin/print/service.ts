import type {Description} from '../../core/contract/description.ts'
import {type Column, columns} from './columns.ts'
import type {Paint} from './paint.ts'

type Service = NonNullable<Description['service']>
type Port = Service['ports'][number]

const SHOWN = 5

/** Where a service is reached, and a line for each of its ports. */
export function* serviceLines(service: Service, paint: Paint): Generator<string> {
  const {type, addresses, headless, externalName, selector, ports, from} = service
  yield paint(`  type      ${type}${headless ? ', headless: nobody translates its ports' : ''}`)
  if (externalName !== undefined) yield paint(`  name of   ${externalName}`)
  else yield paint(`  address   ${addresses.join(', ') || 'none'}`)
  if (selector)
    yield paint(
      `  selects   ${Object.entries(selector)
        .map(([key, value]) => `${key}=${value}`)
        .join(', ')}`,
    )
  yield ''
  yield paint('Ports', 'bold')
  for (const line of columns(ports, portColumns, paint)) yield `  ${line}`
  if (ports.length === 0) yield paint('  none')
  if (from === 'selector')
    yield paint('  told by its selector and by what pods say of themselves: none of its EndpointSlices is in the input', 'dim')
}

const portColumns: readonly Column<Port>[] = [
  {header: 'PORT', value: ({port, protocol}) => `${port}/${protocol}`},
  {header: 'NAME', value: ({name}) => name ?? '-'},
  {header: 'TARGET', value: ({targetPort, port}) => String(targetPort ?? port)},
  {header: 'ENDPOINTS', value: endpointsText, style: ({backends}) => (backends.length === 0 ? 'yellow' : undefined)},
]

function endpointsText({backends, notReady}: Port): string {
  const shown = backends.slice(0, SHOWN).map(({address, port, pod}) => {
    const place = `${address}:${port}`
    return pod === undefined ? place : `${pod} (${place})`
  })
  const more = backends.length > SHOWN ? [`${backends.length - SHOWN} more`] : []
  const waiting = notReady > 0 ? [`${notReady} not ready`] : []
  return [...shown, ...more, ...waiting].join(', ') || 'none: nobody receives what is sent there'
}
