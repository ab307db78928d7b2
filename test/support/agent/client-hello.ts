import {Duplex} from 'node:stream'
import {connect} from 'node:tls'

/** The first bytes that a client of TLS sends, all that it says before the server has answered. */
export const clientHello: Buffer = await new Promise<Buffer>(resolve => {
  const wire = new Duplex({
    read() {},
    write(bytes: Buffer, _encoding, done) {
      resolve(bytes)
      done()
    },
  })
  connect({socket: wire, rejectUnauthorized: false}).on('error', () => {})
})
