import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {stripped} from '../../scripts/executables/elf/elf-file.ts'
import {withoutLibatomic} from '../../scripts/executables/elf/without-libatomic.ts'
import {describeWhere} from '../support/describe-where.ts'
import {type TemporaryFolder, temporaryFolder} from '../support/temporary-folder.ts'

/** Programs that call libatomic as Node does, with what differs in braces. Four threads count together, and each loss of a race is told. */
const source = (type: string, more = ''): string => `
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
bool exchange(size_t, void *, void *, void *, int, int) __asm__("__atomic_compare_exchange");
void load(size_t, void *, void *, int) __asm__("__atomic_load");
static _Alignas(16) ${type} counter;
static void *count(void *wrong) {
  for (int round = 0; round < 100000; round++) {
    ${type} seen = 0, next = 1;
    while (!exchange(sizeof counter, &counter, &seen, &next, 4, 2)) {
      if (seen == next - 1) ++*(long *)wrong;
      next = seen + 1;
    }
  }
  return NULL;
}
int main(void) {
  pthread_t threads[4];
  long wrong[4] = {0};
  ${more}
  for (int index = 0; index < 4; index++) pthread_create(threads + index, NULL, count, wrong + index);
  for (int index = 0; index < 4; index++) pthread_join(threads[index], NULL);
  printf("%ld counted, %ld wrong", (long)counter, wrong[0] + wrong[1] + wrong[2] + wrong[3]);
}`

const missing =
  process.platform === 'linux' && process.arch === 'x64'
    ? await execa('gcc', ['--version']).then(
        () => undefined,
        () => 'gcc is not installed',
      )
    : `this is ${process.platform} on ${process.arch}`

describeWhere(missing, 'a program that asks for libatomic', () => {
  let folder: TemporaryFolder
  beforeAll(async () => {
    folder = await temporaryFolder()
  })
  afterAll(() => folder?.[Symbol.asyncDispose]())

  /** Linked as Node is: at a fixed address, functions of libraries looked up when they are called first. */
  const compiled = async (text: string, binding = 'lazy'): Promise<Buffer> => {
    const flags = ['-xc', '-O1', '-no-pie', '-fno-pie', '-fcf-protection=none', '-pthread', `-Wl,-z,${binding}`]
    const output = join(folder.path, 'compiled')
    await execa('gcc', [...flags, '-', '-o', output, '-Wl,--no-as-needed', '-latomic'], {input: text})
    return readFile(output)
  }
  const needs = async (program: Buffer): Promise<{needed: string[]; stdout: string}> => {
    const path = join(folder.path, 'program')
    await writeFile(path, program, {mode: 0o755})
    const dynamic = await execa('readelf', ['--dynamic', '--version-info', '--wide', path])
    expect(dynamic.stderr).toBe('')
    const {stdout} = await execa(path, {env: {LD_WARN: '1'}})
    return {needed: dynamic.stdout.match(/lib[a-z]+\.so\.\d/g) ?? [], stdout}
  }

  test.each(['lazy', 'now'])('counts right without it, functions being looked up %s', async binding => {
    const program = await compiled(source('long'), binding)
    expect((await needs(program)).needed).toContain('libatomic.so.1')
    for (const changed of [withoutLibatomic(program), stripped(withoutLibatomic(program)), withoutLibatomic(stripped(program))]) {
      const {needed, stdout} = await needs(changed)
      expect(needed).not.toContain('libatomic.so.1')
      expect(needed).toContain('libc.so.6')
      expect(stdout).toBe('400000 counted, 0 wrong')
    }
  })

  test('is refused when it calls the function for another number of bytes, or takes another function', async () => {
    const wide = await compiled(source('__int128'))
    expect(() => withoutLibatomic(wide)).toThrow(/at 0x[0-9a-f]+ __atomic_compare_exchange is not called for 8 bytes/)
    const loads = await compiled(source('long', 'long copy; load(sizeof copy, &counter, &copy, 5);'))
    expect(() => withoutLibatomic(loads)).toThrow(
      /only __atomic_compare_exchange can be replaced, the program takes: .*__atomic_load/,
    )
    const pointed = await compiled(source('long', 'void *volatile pointer = (void *)exchange; if (!pointer) return 1;'))
    expect(() => withoutLibatomic(pointed)).toThrow('its address is taken, too')
  })

  test('stays as it is when it does not', async () => {
    const flags = ['-xc', '-', '-o', join(folder.path, 'plain')]
    await execa('gcc', flags, {input: 'int main(void) { return 0; }'})
    const plain = await readFile(join(folder.path, 'plain'))
    expect(withoutLibatomic(plain).equals(plain)).toBe(true)
  })
})
