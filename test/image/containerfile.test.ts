import {readFile} from 'node:fs/promises'
import {expect, test} from 'vitest'
import {imageConfig} from '../../scripts/image/archive.ts'
import {buildScript} from '../../scripts/image/build-script.ts'
import {parseContainerfile, type Stage} from '../../scripts/image/containerfile.ts'

const places = {context: '/context', program: '/other/program', work: '/mounts', cache: '/cache', rootfs: '/rootfs'}

const script = (text: string): string => buildScript(parseContainerfile(text), places)

test('our Containerfile is read whole: every line that says something becomes an instruction', async () => {
  const text = await readFile(new URL('../../manifests/Containerfile', import.meta.url), 'utf8')
  const stages = parseContainerfile(text)
  const said = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  expect(stages.length + stages.flatMap(({instructions}) => instructions).length).toBe(said.length)
  expect(stages.map(({from}) => from)).toEqual(['docker.io/library/debian:12-slim', 'scratch'])
  const run = stages[0]?.instructions.find(({name}) => name === 'RUN')
  expect(buildScript(stages, places)).toContain(run?.rest)
})

test('steps are joined over lines, and quoted for the shell', () => {
  const text = `FROM debian AS build
WORKDIR /there
# nothing
COPY executables/agent ./agent
RUN --mount=type=cache,target=/kept echo 'a' && \\
  echo b
FROM scratch
COPY --from=build /there/out /
`
  const lines = script(text).split('\n')
  expect(lines).toContain(`chroot '/mounts/0/root' /bin/sh -c 'cd /there && echo '\\''a'\\'' && echo b'`)
  expect(lines).toContain(`mount --bind '/cache/kept' '/mounts/0/root/kept'`)
  expect(lines.find(line => line.includes('/other/program'))).toContain(`'/mounts/0/root/there/./agent'`)
  expect(lines.find(line => line.includes(`'/mounts/0/root/there/out'`))).toContain(`'/rootfs/'`)
})

test('how the image is run is what its last stage says', () => {
  const [stage] = parseContainerfile(`FROM scratch
ENV PATH=/bin NAME="two words"
LABEL a="b" c=d
ENTRYPOINT ["first"]
CMD ["x", "y"]
`)
  expect(imageConfig(stage as Stage, 'arm64')).toEqual({
    architecture: 'arm64',
    os: 'linux',
    config: {Env: ['PATH=/bin', 'NAME=two words'], Labels: {a: 'b', c: 'd'}, Entrypoint: ['first'], Cmd: ['x', 'y']},
  })
})

test.each([
  {text: 'RUN true\n', says: 'Containerfile:1: not understood here: RUN true'},
  {text: 'FROM scratch\n\nUSER nobody\n', says: 'Containerfile:3: not understood here: USER nobody'},
  {text: 'FROM a WITH b\n', says: 'Containerfile:1: not understood'},
  {text: 'FROM debian\n', says: 'the last stage is not FROM scratch'},
  {text: 'FROM scratch\nCOPY a b c\n', says: 'Containerfile:2: COPY takes one source'},
  {text: 'FROM scratch\nCOPY --from=nowhere a b\n', says: 'Containerfile:2: COPY takes one source'},
  {text: 'FROM a\nRUN --mount=type=secret,id=x true\nFROM scratch\n', says: 'Containerfile:2: of mounts only caches'},
])('what would be built wrongly is refused: $says', ({text, says}) => {
  expect(() => script(text)).toThrow(says)
})
