/** The one function of libatomic that Node calls, for one processor. */
export interface CompareAndExchange {
  /** Starts at a multiple of 16; its first instructions tell the dynamic linker where the function is, which is 16 bytes behind. */
  readonly code: Buffer
  /** Of relocations: the function is looked up by its name; it is asked for by calling what is at an address. */
  readonly jumpSlot: number
  readonly indirect: number
  /** Before the first one, and of each of the stubs by which functions of libraries are called. */
  readonly stubs: {readonly first: number; readonly bytes: number}
  /** Where a part of the file has instructions that go to another place in it, by a call or for good. */
  readonly callsTo: (file: Buffer, start: number, end: number, target: number) => number[]
  /** What puts the number 8 into the register of the first argument. */
  readonly eight: Buffer
}

const hex = (...lines: readonly string[]): Buffer => Buffer.from(lines.join('').replaceAll(/\s/g, ''), 'hex')

/**
 * `bool __atomic_compare_exchange(size_t bytes, void *place, void *expected, void *desired, int success, int failure)` for 8 bytes, and a trap
 * for any other number, by e_machine of ELF headers. Both orders of memory are taken for the strictest.
 *
 * Source: GCC's libatomic, "GCC Atomic library interface"; the instructions are what GCC makes of `__atomic_compare_exchange_8`.
 */
export const compareAndExchange: Readonly<Record<number, CompareAndExchange>> = {
  // x86-64
  62: {
    code: hex(
      '488d0509000000', // lea rax, [rip + 9]
      'c3', //             ret
      '0f1f840000000000', // nop
      '4883ff08', //       cmp rdi, 8
      '7519', //           jne trap
      '488b02', //         mov rax, [rdx]
      '488b09', //         mov rcx, [rcx]
      'f0480fb10e', //     lock cmpxchg [rsi], rcx
      '7506', //           jne other
      'b801000000', //     mov eax, 1
      'c3', //             ret
      '488902', //  other: mov [rdx], rax
      '31c0', //           xor eax, eax
      'c3', //             ret
      '0f0b', //     trap: ud2
    ),
    jumpSlot: 7,
    indirect: 37,
    stubs: {first: 16, bytes: 16},
    callsTo: (file, start, end, target) => {
      const found: number[] = []
      for (let offset = start; offset + 5 <= end; offset++) {
        const code = file[offset]
        // `call` and `jmp`: the distance is told from what follows.
        if ((code === 0xe8 || code === 0xe9) && file.readInt32LE(offset + 1) === target - offset - 5) found.push(offset)
      }
      return found
    },
    eight: hex('bf08000000'),
  },
  // AArch64
  183: {
    code: hex(
      '80000010', //       adr x0, .+16
      'c0035fd6', //       ret
      '1f2003d51f2003d5', // nop, nop
      '1f2000f1', //       cmp x0, 8
      'c1010054', //       b.ne trap
      '440040f9', //       ldr x4, [x2]
      '650040f9', //       ldr x5, [x3]
      '26fc5fc8', // again: ldaxr x6, [x1]
      'df0004eb', //       cmp x6, x4
      'a1000054', //       b.ne other
      '25fc07c8', //       stlxr w7, x5, [x1]
      '87ffff35', //       cbnz w7, again
      '20008052', //       mov w0, 1
      'c0035fd6', //       ret
      '5f3f03d5', // other: clrex
      '460000f9', //       str x6, [x2]
      '00008052', //       mov w0, 0
      'c0035fd6', //       ret
      '000020d4', //  trap: brk 0
    ),
    jumpSlot: 1026,
    indirect: 1032,
    stubs: {first: 32, bytes: 16},
    callsTo: (file, start, end, target) => {
      const found: number[] = []
      for (let offset = start; offset + 4 <= end; offset += 4) {
        const code = file.readUInt32LE(offset)
        // `bl` and `b`: six bits, and the distance in words.
        if (((code >>> 26) & 0x1f) === 5 && (code << 6) >> 4 === target - offset) found.push(offset)
      }
      return found
    },
    eight: hex('00018052'),
  },
}
