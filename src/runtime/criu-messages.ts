// SPDX-License-Identifier: Apache-2.0
/** The messages that CRIU is asked by and answers with: those fields of its images/rpc.proto that are used here. */
import type { Message, Shape } from "./criu-wire.ts";

/** criu_req_type. */
export const CRIU_TYPE = {
  DUMP: 1,
  RESTORE: 2,
  PRE_DUMP: 4,
  NOTIFY: 6,
  FEATURE_CHECK: 9,
  VERSION: 10,
} as const;

/** criu_cg_mode. */
export const CGROUP_MODE = { ignore: 0, soft: 3, full: 4, strict: 5, default: 6 } as const;

/** criu_network_lock_method. */
export const NETWORK_LOCK = { iptables: 1, nftables: 2 } as const;

const PAGE_SERVER = {
  address: { number: 1, kind: "text" },
  port: { number: 2, kind: "int" },
} as const satisfies Shape;

const EXT_MOUNT = {
  key: { number: 1, kind: "text" },
  val: { number: 2, kind: "text" },
} as const satisfies Shape;

const JOIN_NAMESPACE = {
  ns: { number: 1, kind: "text" },
  ns_file: { number: 2, kind: "text" },
} as const satisfies Shape;

const INHERIT_FD = {
  key: { number: 1, kind: "text" },
  fd: { number: 2, kind: "int" },
} as const satisfies Shape;

const CGROUP_ROOT = {
  ctrl: { number: 1, kind: "text" },
  path: { number: 2, kind: "text" },
} as const satisfies Shape;

const OPTIONS = {
  images_dir_fd: { number: 1, kind: "int" },
  pid: { number: 2, kind: "int" },
  leave_running: { number: 3, kind: "bool" },
  ext_unix_sk: { number: 4, kind: "bool" },
  tcp_established: { number: 5, kind: "bool" },
  evasive_devices: { number: 6, kind: "bool" },
  shell_job: { number: 7, kind: "bool" },
  file_locks: { number: 8, kind: "bool" },
  log_level: { number: 9, kind: "int" },
  log_file: { number: 10, kind: "text" },
  ps: { number: 11, kind: PAGE_SERVER },
  notify_scripts: { number: 12, kind: "bool" },
  root: { number: 13, kind: "text" },
  parent_img: { number: 14, kind: "text" },
  track_mem: { number: 15, kind: "bool" },
  auto_dedup: { number: 16, kind: "bool" },
  work_dir_fd: { number: 17, kind: "int" },
  link_remap: { number: 18, kind: "bool" },
  ext_mnt: { number: 23, kind: EXT_MOUNT, many: true },
  /** Before `manage_cgroups_mode` there was only this; without it that one is not looked at. */
  manage_cgroups: { number: 24, kind: "bool" },
  cg_root: { number: 25, kind: CGROUP_ROOT, many: true },
  rst_sibling: { number: 26, kind: "bool" },
  inherit_fd: { number: 27, kind: INHERIT_FD, many: true },
  manage_cgroups_mode: { number: 34, kind: "int" },
  external: { number: 37, kind: "text", many: true },
  empty_ns: { number: 38, kind: "int" },
  join_ns: { number: 39, kind: JOIN_NAMESPACE, many: true },
  freeze_cgroup: { number: 44, kind: "text" },
  tcp_skip_in_flight: { number: 46, kind: "bool" },
  lazy_pages: { number: 48, kind: "bool" },
  orphan_pts_master: { number: 50, kind: "bool" },
  config_file: { number: 51, kind: "text" },
  tcp_close: { number: 52, kind: "bool" },
  lsm_profile: { number: 53, kind: "text" },
  lsm_mount_context: { number: 63, kind: "text" },
  network_lock: { number: 64, kind: "int" },
} as const satisfies Shape;

const FEATURES = {
  mem_track: { number: 1, kind: "bool" },
  lazy_pages: { number: 2, kind: "bool" },
} as const satisfies Shape;

export const REQUEST = {
  type: { number: 1, kind: "int" },
  opts: { number: 2, kind: OPTIONS },
  notify_success: { number: 3, kind: "bool" },
  features: { number: 5, kind: FEATURES },
} as const satisfies Shape;

const NOTICE = {
  script: { number: 1, kind: "text" },
  pid: { number: 2, kind: "int" },
} as const satisfies Shape;

const VERSION = {
  major_number: { number: 1, kind: "int" },
  minor_number: { number: 2, kind: "int" },
  sublevel: { number: 4, kind: "int" },
} as const satisfies Shape;

export const RESPONSE = {
  type: { number: 1, kind: "int" },
  success: { number: 2, kind: "bool" },
  restore: { number: 4, kind: { pid: { number: 1, kind: "int" } } },
  notify: { number: 5, kind: NOTICE },
  cr_errno: { number: 7, kind: "int" },
  features: { number: 8, kind: FEATURES },
  cr_errmsg: { number: 9, kind: "text" },
  version: { number: 10, kind: VERSION },
} as const satisfies Shape;

export type CriuOptions = Message<typeof OPTIONS>;
export type CriuFeatures = Message<typeof FEATURES>;
export type CriuRequest = Message<typeof REQUEST>;
export type CriuResponse = Message<typeof RESPONSE>;
