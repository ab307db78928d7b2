import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {execa} from 'execa'

export interface Issued {
  readonly cert: string
  readonly key: string
}

/** A certificate authority in a folder, by openssl. */
export interface Authority {
  readonly ca: string
  server(): Promise<Issued>
  client(name: string): Promise<Issued>
}

export async function makeAuthority(folder: string): Promise<Authority> {
  await mkdir(folder, {recursive: true})
  const file = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execa('openssl', args, {cwd: folder})
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await openssl('req', '-x509', ...curve, '-days', '2', '-subj', '/CN=test-ca', '-keyout', 'ca.key', '-out', 'ca.crt')
  const issue = async (name: string, extension: string): Promise<Issued> => {
    await openssl('req', ...curve, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
    await writeFile(file('ext'), extension)
    const from = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'ext']
    await openssl('x509', '-req', '-days', '2', '-in', `${name}.csr`, ...from, '-out', `${name}.crt`)
    return {cert: await readFile(file(`${name}.crt`), 'utf8'), key: await readFile(file(`${name}.key`), 'utf8')}
  }
  return {
    ca: await readFile(file('ca.crt'), 'utf8'),
    server: () => issue('server', 'subjectAltName=IP:127.0.0.1'),
    client: name => issue(name, 'extendedKeyUsage=clientAuth'),
  }
}
