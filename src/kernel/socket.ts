// SPDX-License-Identifier: Apache-2.0
/** socket(2), sendmsg(2), unix(7), netdevice(7). */

/** Address families. */
export const AF = {
  AF_UNSPEC: 0,
  AF_UNIX: 1,
  AF_INET: 2,
  AF_INET6: 10,
  AF_NETLINK: 16,
  AF_PACKET: 17,
  AF_VSOCK: 40,
} as const;

/** Types of sockets, and the flags that may be added. The type is a number. */
export const SOCK = {
  SOCK_STREAM: 0o1,
  SOCK_DGRAM: 0o2,
  SOCK_RAW: 0o3,
  SOCK_SEQPACKET: 0o5,
  SOCK_CLOEXEC: 0o2000000,
  SOCK_NONBLOCK: 0o4000,
} as const;

/** Levels of options and of control messages. */
export const SOL = {
  SOL_SOCKET: 1,
  SOL_NETLINK: 270,
} as const;

/** Options of level SOL_SOCKET. */
export const SO = {
  SO_TYPE: 3,
  SO_ERROR: 4,
  SO_SNDBUF: 7,
  SO_RCVBUF: 8,
  SO_PASSCRED: 16,
  SO_PEERCRED: 17,
  SO_RCVTIMEO: 20,
  SO_SNDTIMEO: 21,
} as const;

/** Control messages of unix(7). */
export const SCM = {
  SCM_RIGHTS: 1,
  SCM_CREDENTIALS: 2,
} as const;

/** Flags of send(2) and recv(2). */
export const MSG = {
  MSG_OOB: 0x1,
  MSG_PEEK: 0x2,
  MSG_DONTROUTE: 0x4,
  MSG_CTRUNC: 0x8,
  MSG_TRUNC: 0x20,
  MSG_DONTWAIT: 0x40,
  MSG_EOR: 0x80,
  MSG_WAITALL: 0x100,
  MSG_NOSIGNAL: 0x4000,
  MSG_CMSG_CLOEXEC: 0x40000000,
} as const;

/** Halves of shutdown(2). */
export const SHUT = {
  SHUT_RD: 0,
  SHUT_WR: 1,
  SHUT_RDWR: 2,
} as const;

/** Flags of a network device, in the order in which strace prints them. */
export const IFF = {
  IFF_UP: 0x1,
  IFF_BROADCAST: 0x2,
  IFF_DEBUG: 0x4,
  IFF_LOOPBACK: 0x8,
  IFF_POINTOPOINT: 0x10,
  IFF_NOTRAILERS: 0x20,
  IFF_RUNNING: 0x40,
  IFF_NOARP: 0x80,
  IFF_PROMISC: 0x100,
  IFF_ALLMULTI: 0x200,
  IFF_MASTER: 0x400,
  IFF_SLAVE: 0x800,
  IFF_MULTICAST: 0x1000,
  IFF_PORTSEL: 0x2000,
  IFF_AUTOMEDIA: 0x4000,
  IFF_DYNAMIC: 0x8000,
} as const;

/** ioctl(2) of network devices. */
export const SIOC = {
  SIOCGIFNAME: 0x8910,
  SIOCGIFFLAGS: 0x8913,
  SIOCSIFFLAGS: 0x8914,
  SIOCGIFADDR: 0x8915,
  SIOCSIFADDR: 0x8916,
  SIOCGIFMTU: 0x8921,
  SIOCSIFMTU: 0x8922,
  SIOCGIFINDEX: 0x8933,
  SIOCSIFNAME: 0x8923,
} as const;
