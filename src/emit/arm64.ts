// SPDX-License-Identifier: Apache-2.0
/**
 * The machine for arm64, 104 instructions: makes the calls of the records, one after the other. It uses no stack.
 *
 * Bytes, instruction as objdump(1) prints it, reason. Offsets from x19 are those of record.ts, offsets from x20 those
 * of the report block in report.ts. Behind the code stand the anchor (8 bytes, see image.ts) and the records.
 */

export const ARM64 = `
start:
  53 0d 00 10  adr x19, records          ; the first record; x19 is always the record at hand
step:
  69 1a 40 39  ldrb w9, [x19, #6]        ; refs: bit n says that operand n is the address of its value
  60 06 40 f9  ldr x0, [x19, #8]         ; operand 0
  49 00 00 36  tbz w9, #0, second        ; bit clear: the operand is the value
  00 00 40 f9  ldr x0, [x0]              ; set: the value is kept there
second:
  61 0a 40 f9  ldr x1, [x19, #16]        ; operand 1, likewise
  49 00 08 36  tbz w9, #1, third
  21 00 40 f9  ldr x1, [x1]
third:
  62 0e 40 f9  ldr x2, [x19, #24]        ; operand 2
  49 00 10 36  tbz w9, #2, fourth
  42 00 40 f9  ldr x2, [x2]
fourth:
  63 12 40 f9  ldr x3, [x19, #32]        ; operand 3
  49 00 18 36  tbz w9, #3, fifth
  63 00 40 f9  ldr x3, [x3]
fifth:
  64 16 40 f9  ldr x4, [x19, #40]        ; operand 4
  49 00 20 36  tbz w9, #4, sixth
  84 00 40 f9  ldr x4, [x4]
sixth:
  65 1a 40 f9  ldr x5, [x19, #48]        ; operand 5
  49 00 28 36  tbz w9, #5, make
  a5 00 40 f9  ldr x5, [x5]
make:
  6a 1e 40 39  ldrb w10, [x19, #7]       ; kind: 0 is a call
  2a 03 00 35  cbnz w10, pick
  68 02 40 79  ldrh w8, [x19]            ; the call's number
  01 00 00 d4  svc #0x0                  ; only x0 changes: syscall(2)
  1f fc 3f b1  cmn x0, #0xfff            ; the errnos are -4095 to -1, the highest numbers of all: adding 4095 carries
  03 03 00 54  b.cc done                 ; no carry: the call succeeded
  1f 10 00 31  cmn w0, #0x4              ; EINTR
  c0 fc ff 54  b.eq step                 ; the same record again
  e9 03 00 4b  neg w9, w0                ; w9 is the errno from here on
  6a 52 40 b9  ldr w10, [x19, #80]       ; where the first tolerated errno leads
  6b c2 40 79  ldrh w11, [x19, #96]      ; the first tolerated errno; 0 is none, for no errno is 0
  3f 01 0b 6b  cmp w9, w11
  e0 02 00 54  b.eq keep
  6a 56 40 b9  ldr w10, [x19, #84]       ; the second
  6b c6 40 79  ldrh w11, [x19, #98]
  3f 01 0b 6b  cmp w9, w11
  60 02 00 54  b.eq keep
  6a 5a 40 b9  ldr w10, [x19, #88]       ; the third
  6b ca 40 79  ldrh w11, [x19, #100]
  3f 01 0b 6b  cmp w9, w11
  e0 01 00 54  b.eq keep
  6a 5e 40 b9  ldr w10, [x19, #92]       ; the fourth
  6b ce 40 79  ldrh w11, [x19, #102]
  3f 01 0b 6b  cmp w9, w11
  60 01 00 54  b.eq keep
  0f 00 00 14  b fail                    ; not tolerated
pick:
  00 00 01 8a  and x0, x0, x1            ; no call: the result is (operand 0 & operand 1) | (operand 2 & operand 3)
  42 00 03 8a  and x2, x2, x3
  00 00 02 aa  orr x0, x0, x2            ; where a call's result is
done:
  6b 2a 48 29  ldp w11, w10, [x19, #64]  ; the successors: equal and other
  6c 1e 40 f9  ldr x12, [x19, #56]       ; the result that leads to equal; it is compared in all 64 bits
  1f 00 0c eb  cmp x0, x12
  6a 01 8a 1a  csel w10, w11, w10, eq
  69 0a 40 79  ldrh w9, [x19, #4]        ; the errno that a wrong result is told with
  ca 00 00 34  cbz w10, fail             ; a successor of 0 is failure
keep:
  6b 4a 40 b9  ldr w11, [x19, #72]       ; where the result is kept
  4b 00 00 34  cbz w11, go               ; 0: nowhere
  60 01 00 f9  str x0, [x11]             ; tolerated errors too, lest a stale fd is used
go:
  f3 03 0a 2a  mov w19, w10              ; the successor becomes the record at hand
  c6 ff ff 17  b step
fail:
  94 05 00 18  ldr w20, anchor           ; the report block, in writable memory; its address follows the code
  6a 06 40 79  ldrh w10, [x19, #2]       ; the record's own index
  8a a6 01 29  stp w10, w9, [x20, #12]   ; report: index, errno
  80 0e 00 f9  str x0, [x20, #24]        ; report: result
  75 4e 40 b9  ldr w21, [x19, #76]       ; where the fd of the filesystem context is kept
  d5 01 00 34  cbz w21, send             ; 0: the call has none
log:
  a0 02 40 b9  ldr w0, [x21]             ; read(fd, ...): each read gives one line of the kernel's log
  96 22 40 b9  ldr w22, [x20, #32]       ; the length so far
  81 a2 00 91  add x1, x20, #0x28        ; read(..., end of the log, ...)
  21 00 16 8b  add x1, x1, x22
  02 40 80 52  mov w2, #0x200            ; read(..., what is left of its 512 bytes)
  42 00 16 4b  sub w2, w2, w22
  e8 07 80 52  mov w8, #0x3f             ; read is 63
  01 00 00 d4  svc #0x0
  1f 00 00 f1  cmp x0, #0x0              ; ENODATA: that was all; EMSGSIZE: no room for the next line
  8d 00 00 54  b.le send
  d6 02 00 0b  add w22, w22, w0
  96 22 00 b9  str w22, [x20, #32]
  f4 ff ff 17  b log
send:
  80 02 40 b9  ldr w0, [x20]             ; sendto($report, ...): the slot of report begins the block
  81 22 00 91  add x1, x20, #0x8         ; sendto(..., the report behind it, ...)
  82 22 40 b9  ldr w2, [x20, #32]        ; sendto(..., the length of the log ...
  42 80 00 11  add w2, w2, #0x20         ; ... and of what precedes it, ...)
  03 00 88 52  mov w3, #0x4000           ; sendto(..., MSG_NOSIGNAL, ...): the runtime may be gone
  04 00 80 d2  mov x4, #0x0              ; sendto(..., NULL, ...)
  05 00 80 52  mov w5, #0x0              ; sendto(..., 0)
  c8 19 80 52  mov w8, #0xce             ; sendto is 206
  01 00 00 d4  svc #0x0
  1f 10 00 31  cmn w0, #0x4              ; EINTR
  c0 fe ff 54  b.eq send
  80 02 40 b9  ldr w0, [x20]             ; ppoll([{$report, POLLIN}], ...): while we are there, ...
  21 00 80 52  mov w1, #0x1              ; ... the runtime can look through our /proc/PID/root; ppoll(..., 1, ...)
  80 06 01 29  stp w0, w1, [x20, #8]     ; POLLIN is 1, too; that the runtime has closed its end is told as well
  a2 be a0 52  mov w2, #0x5f50000        ; 99,942,400 ns: a runtime that hangs does not keep us
  9f 0a 01 a9  stp xzr, x2, [x20, #16]   ; a timespec: seconds, nanoseconds
  80 22 00 91  add x0, x20, #0x8
  82 42 00 91  add x2, x20, #0x10        ; ppoll(..., the timespec, ...)
  03 00 80 d2  mov x3, #0x0              ; ppoll(..., NULL)
  28 09 80 52  mov w8, #0x49             ; ppoll is 73
  01 00 00 d4  svc #0x0
  20 00 80 52  mov w0, #0x1              ; exit_group(1)
  c8 0b 80 52  mov w8, #0x5e             ; exit_group is 94
  01 00 00 d4  svc #0x0                  ; does not return
  00 00 20 d4  brk #0x0                  ; and if it did: SIGTRAP
`;
