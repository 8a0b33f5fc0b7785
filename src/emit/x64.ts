// SPDX-License-Identifier: Apache-2.0
/**
 * The machine for x86-64, 108 instructions: makes the calls of the records, one after the other. It uses no stack.
 *
 * Bytes, instruction as objdump(1) prints it, reason. Offsets from rbx are those of record.ts, offsets from rbp those
 * of the report block in report.ts. Behind the code stand the anchor (8 bytes, see image.ts) and the records.
 */

export const X64 = `
start:
  48 8d 1d 51 01 00 00  lea rbx,[rip+0x151]             ; the first record; rbx is always the record at hand
step:
  0f b6 4b 06           movzx ecx,BYTE PTR [rbx+0x6]    ; refs: bit n says that operand n is the address of its value
  48 8b 7b 08           mov rdi,QWORD PTR [rbx+0x8]     ; operand 0
  d1 e9                 shr ecx,1                       ; its bit goes into the carry flag
  73 03                 jae second                      ; clear: the operand is the value
  48 8b 3f              mov rdi,QWORD PTR [rdi]         ; set: the value is kept there
second:
  48 8b 73 10           mov rsi,QWORD PTR [rbx+0x10]    ; operand 1, likewise
  d1 e9                 shr ecx,1
  73 03                 jae third
  48 8b 36              mov rsi,QWORD PTR [rsi]
third:
  48 8b 53 18           mov rdx,QWORD PTR [rbx+0x18]    ; operand 2
  d1 e9                 shr ecx,1
  73 03                 jae fourth
  48 8b 12              mov rdx,QWORD PTR [rdx]
fourth:
  4c 8b 53 20           mov r10,QWORD PTR [rbx+0x20]    ; operand 3; not in rcx, which syscall overwrites
  d1 e9                 shr ecx,1
  73 03                 jae fifth
  4d 8b 12              mov r10,QWORD PTR [r10]
fifth:
  4c 8b 43 28           mov r8,QWORD PTR [rbx+0x28]     ; operand 4
  d1 e9                 shr ecx,1
  73 03                 jae sixth
  4d 8b 00              mov r8,QWORD PTR [r8]
sixth:
  4c 8b 4b 30           mov r9,QWORD PTR [rbx+0x30]     ; operand 5
  d1 e9                 shr ecx,1
  73 03                 jae make
  4d 8b 09              mov r9,QWORD PTR [r9]
make:
  80 7b 07 00           cmp BYTE PTR [rbx+0x7],0x0      ; kind: 0 is a call
  75 3c                 jne pick
  0f b7 03              movzx eax,WORD PTR [rbx]        ; the call's number
  0f 05                 syscall                         ; rcx and r11 do not survive: syscall(2)
  48 3d 01 f0 ff ff     cmp rax,0xfffffffffffff001      ; the errnos are -4095 to -1, the highest numbers of all
  72 3b                 jb done                         ; lower as an unsigned number: the call succeeded
  83 f8 fc              cmp eax,0xfffffffc              ; EINTR
  74 a2                 je step                         ; the same record again
  89 c1                 mov ecx,eax                     ; ecx is the errno from here on
  f7 d9                 neg ecx
  8b 53 50              mov edx,DWORD PTR [rbx+0x50]    ; where the first tolerated errno leads
  66 3b 4b 60           cmp cx,WORD PTR [rbx+0x60]      ; the first tolerated errno; 0 is none, for no errno is 0
  74 3c                 je keep
  8b 53 54              mov edx,DWORD PTR [rbx+0x54]    ; the second
  66 3b 4b 62           cmp cx,WORD PTR [rbx+0x62]
  74 33                 je keep
  8b 53 58              mov edx,DWORD PTR [rbx+0x58]    ; the third
  66 3b 4b 64           cmp cx,WORD PTR [rbx+0x64]
  74 2a                 je keep
  8b 53 5c              mov edx,DWORD PTR [rbx+0x5c]    ; the fourth
  66 3b 4b 66           cmp cx,WORD PTR [rbx+0x66]
  74 21                 je keep
  eb 30                 jmp fail                        ; not tolerated
pick:
  48 21 f7              and rdi,rsi                     ; no call: the result is (operand 0 & operand 1) | (operand 2 & operand 3)
  4c 21 d2              and rdx,r10
  48 09 d7              or rdi,rdx
  48 89 f8              mov rax,rdi                     ; where a call's result is
done:
  8b 53 44              mov edx,DWORD PTR [rbx+0x44]    ; other: the successor of any result but ...
  48 3b 43 38           cmp rax,QWORD PTR [rbx+0x38]    ; ... this one, which is compared in all 64 bits
  0f 44 53 40           cmove edx,DWORD PTR [rbx+0x40]  ; equal: the successor of this one
  0f b7 4b 04           movzx ecx,WORD PTR [rbx+0x4]    ; the errno that a wrong result is told with
  85 d2                 test edx,edx                    ; a successor of 0 is failure
  74 11                 je fail
keep:
  8b 4b 48              mov ecx,DWORD PTR [rbx+0x48]    ; where the result is kept
  85 c9                 test ecx,ecx                    ; 0: nowhere
  74 03                 je go
  48 89 01              mov QWORD PTR [rcx],rax         ; tolerated errors too, lest a stale fd is used
go:
  89 d3                 mov ebx,edx                     ; the successor becomes the record at hand
  e9 48 ff ff ff        jmp step
fail:
  8b 2d 8b 00 00 00     mov ebp,DWORD PTR [rip+0x8b]    ; the report block, in writable memory; its address follows the code
  0f b7 53 02           movzx edx,WORD PTR [rbx+0x2]    ; the record's own index
  89 55 0c              mov DWORD PTR [rbp+0xc],edx     ; report: index
  89 4d 10              mov DWORD PTR [rbp+0x10],ecx    ; report: errno
  48 89 45 18           mov QWORD PTR [rbp+0x18],rax    ; report: result
  8b 5b 4c              mov ebx,DWORD PTR [rbx+0x4c]    ; where the fd of the filesystem context is kept
  85 db                 test ebx,ebx                    ; 0: the call has none
  74 1f                 je send
log:
  8b 3b                 mov edi,DWORD PTR [rbx]         ; read(fd, ...): each read gives one line of the kernel's log
  8b 45 20              mov eax,DWORD PTR [rbp+0x20]    ; the length so far
  48 8d 74 05 28        lea rsi,[rbp+rax*1+0x28]        ; read(..., end of the log, ...)
  ba 00 02 00 00        mov edx,0x200                   ; read(..., what is left of its 512 bytes)
  29 c2                 sub edx,eax
  31 c0                 xor eax,eax                     ; read is 0
  0f 05                 syscall
  48 85 c0              test rax,rax                    ; ENODATA: that was all; EMSGSIZE: no room for the next line
  7e 05                 jle send
  01 45 20              add DWORD PTR [rbp+0x20],eax
  eb e1                 jmp log
send:
  8b 7d 00              mov edi,DWORD PTR [rbp+0x0]     ; sendto($report, ...): the slot of report begins the block
  48 8d 75 08           lea rsi,[rbp+0x8]               ; sendto(..., the report behind it, ...)
  8b 55 20              mov edx,DWORD PTR [rbp+0x20]    ; sendto(..., the length of the log ...
  83 c2 20              add edx,0x20                    ; ... and of what precedes it, ...)
  41 ba 00 40 00 00     mov r10d,0x4000                 ; sendto(..., MSG_NOSIGNAL, ...): the runtime may be gone
  45 31 c0              xor r8d,r8d                     ; sendto(..., NULL, ...)
  45 31 c9              xor r9d,r9d                     ; sendto(..., 0)
  b8 2c 00 00 00        mov eax,0x2c                    ; sendto is 44
  0f 05                 syscall
  83 f8 fc              cmp eax,0xfffffffc              ; EINTR
  74 db                 je send
  8b 7d 00              mov edi,DWORD PTR [rbp+0x0]     ; poll([{$report, POLLIN}], ...): while we are there, ...
  89 7d 08              mov DWORD PTR [rbp+0x8],edi     ; ... the runtime can look through our /proc/PID/root
  c7 45 0c 01 00 00 00  mov DWORD PTR [rbp+0xc],0x1     ; POLLIN; that the runtime has closed its end is told as well
  48 8d 7d 08           lea rdi,[rbp+0x8]
  be 01 00 00 00        mov esi,0x1                     ; poll(..., 1, ...)
  ba 64 00 00 00        mov edx,0x64                    ; poll(..., 100 ms): a runtime that hangs does not keep us
  b8 07 00 00 00        mov eax,0x7                     ; poll is 7
  0f 05                 syscall
  bf 01 00 00 00        mov edi,0x1                     ; exit_group(1)
  b8 e7 00 00 00        mov eax,0xe7                    ; exit_group is 231
  0f 05                 syscall                         ; does not return
  0f 0b                 ud2                             ; and if it did: SIGILL
  66 90                 xchg ax,ax                      ; no operation: the anchor is aligned to 8 bytes
`;
