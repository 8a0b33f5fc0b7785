// SPDX-License-Identifier: Apache-2.0
/** The reference schemas of the specification, and where ours differ from them on purpose. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import AjvDraft04 from "ajv-draft-04";
import { valueAt } from "../../src/config/pointer.ts";

export type Document = "config" | "state" | "features";

/** A place in a document, as a JSON pointer, where the verdicts may differ. */
export interface Difference {
  readonly document: Document;
  readonly reason: string;
  readonly place: RegExp;
  /** What is said by the one that refuses, if not just anything. */
  readonly words?: RegExp;
  /** A value that shows it. */
  readonly example: unknown;
}

export interface Complaint {
  /** A pointer. */
  readonly place: string;
  readonly words: string;
}

/** What the reference finds wrong with a value. */
export type Judge = (value: unknown) => readonly Complaint[];

const compiled = new Map<string, Record<Document, Judge>>();

/** The judges of the reference in a folder. */
export function reference(specification: string): Record<Document, Judge> {
  const judges = compiled.get(specification) ?? compile(specification);
  compiled.set(specification, judges);
  return judges;
}

function compile(specification: string): Record<Document, Judge> {
  const folder = join(specification, "schema");
  const ajv = new AjvDraft04.default({ strict: false, allErrors: true, logger: false });
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".json"))) {
    ajv.addSchema(JSON.parse(readFileSync(join(folder, name), "utf8")), name);
  }
  const of = (document: Document): Judge => {
    const validate = ajv.getSchema(`${document}-schema.json`);
    if (validate === undefined) throw new Error(`no reference schema for ${document}`);
    return (value) => {
      validate(value);
      return (validate.errors ?? []).map(({ instancePath, keyword }) => ({
        place: instancePath,
        words: `${keyword} ${JSON.stringify(valueAt(value, instancePath))}`,
      }));
    };
  };
  return { config: of("config"), state: of("state"), features: of("features") };
}

const config = (rest: object) => ({ ociVersion: "1.3.0", ...rest });
const process = (rest: object) => config({ process: { cwd: "/", ...rest } });
const linux = (rest: object) => config({ linux: rest });
const resources = (rest: object) => linux({ resources: rest });
const state = (rest: object) => ({ ociVersion: "1.3.0", id: "a", status: "created", pid: 1, bundle: "/b", ...rest });
const features = (rest: object) => ({ ociVersionMin: "1.0.0", ociVersionMax: "1.3.0", ...rest });

/** Ours refuses, the reference does not. */
export const STRICTER: readonly Difference[] = [
  {
    document: "config",
    reason: "config.md#posix-platform-user: uid and gid are REQUIRED; the reference leaves them out",
    place: /^\/process\/user\/(?:uid|gid)$/,
    words: /is missing/,
    example: process({ user: { uid: 1 } }),
  },
  {
    document: "config",
    reason: "config.md#linux-process: priority is REQUIRED, 0 to 7; the reference has no bounds",
    place: /^\/process\/ioPriority\/priority$/,
    words: /is missing|at (?:least 0|most 7),/,
    example: process({ ioPriority: { class: "IOPRIO_CLASS_BE", priority: 8 } }),
  },
  {
    document: "config",
    reason: "proc(5): oom_score_adj is -1000 to 1000; config.md#valid-values: an invalid value is an error",
    place: /^\/process\/oomScoreAdj$/,
    words: /at (?:least -1000|most 1000),/,
    example: process({ oomScoreAdj: 1001 }),
  },
  {
    document: "config",
    reason: "config.md#posix-platform-hooks: timeout is an int, of 63 bits at most; the reference has no bound",
    place: /^\/hooks\/\w+\/\d+\/timeout$/,
    words: /at most 9223372036854775807,/,
    example: config({ hooks: { poststop: [{ path: "/a", timeout: 1e300 }] } }),
  },
  {
    document: "config",
    reason: "config-linux.md#personality: domain is REQUIRED; the reference leaves it out",
    place: /^\/linux\/personality\/domain$/,
    words: /is missing/,
    example: linux({ personality: {} }),
  },
  {
    document: "config",
    reason: "config-linux.md#memory-policy: mode is REQUIRED; the reference leaves it out",
    place: /^\/linux\/memoryPolicy\/mode$/,
    words: /is missing/,
    example: linux({ memoryPolicy: { nodes: "0" } }),
  },
  {
    document: "config",
    reason: "config-linux.md#block-io: rate is REQUIRED; the reference leaves it out",
    place: /^\/linux\/resources\/blockIO\/throttle\w+Device\/\d+\/rate$/,
    words: /is missing/,
    example: resources({ blockIO: { throttleReadBpsDevice: [{ major: 8, minor: 0 }] } }),
  },
  {
    document: "config",
    reason: "config-linux.md#allowed-device-list: type is a, c or b, access is made of r, w and m",
    place: /^\/linux\/resources\/devices\/\d+\/(?:type|access)$/,
    words: /one of "", "a"|matches/,
    example: resources({ devices: [{ allow: true, type: "x" }] }),
  },
  {
    document: "config",
    reason: "config-linux.md#memory: swappiness is 0 to 100; the reference allows any uint64",
    place: /^\/linux\/resources\/memory\/swappiness$/,
    words: /at most 100,/,
    example: resources({ memory: { swappiness: 101 } }),
  },
  {
    document: "config",
    reason: "config-linux.md#intelrdt: schemata have no newlines; the reference has no pattern",
    place: /^\/linux\/intelRdt\/schemata\/\d+$/,
    words: /matches/,
    example: linux({ intelRdt: { schemata: ["L3:0=f\nMB:0=1"] } }),
  },
  {
    document: "config",
    reason: "2^64 and 2^63 are too large: written as 2^64 - 1, the reference's bound rounds up to 2^64",
    place: /./,
    words:
      /at most (?:18446744073709551615, found 18446744073709551616|9223372036854775807, found 9223372036854775808)$/,
    example: process({ rlimits: [{ type: "RLIMIT_AS", soft: 0, hard: 2 ** 64 }] }),
  },
  {
    document: "config",
    reason: "values of a map of strings are strings under every key; the reference's pattern misses empty keys",
    place: /^\/(?:annotations|linux\/sysctl|linux\/resources\/unified)\/$/,
    example: config({ annotations: { "": 1 } }),
  },
  {
    document: "state",
    reason: "values of annotations are strings under every key, here as well",
    place: /^\/annotations\/$/,
    example: state({ annotations: { "": 1 } }),
  },
  {
    document: "state",
    reason: "runtime.md#state: pid is REQUIRED when the status is created or running",
    place: /^\/pid$/,
    words: /is missing/,
    example: state({ pid: undefined }),
  },
  {
    document: "state",
    reason: "runtime.md#state: bundle is an absolute path",
    place: /^\/bundle$/,
    words: /matches/,
    example: state({ bundle: "b" }),
  },
  {
    document: "features",
    reason: "values of annotations are strings under every key, also of features",
    place: /^\/annotations\/$/,
    example: features({ annotations: { "": 1 } }),
  },
  {
    document: "features",
    reason: "features-linux.md: memoryPolicy, schemata and monitoring have types; the reference does not know them",
    place: /^\/linux\/(?:memoryPolicy|intelRdt\/(?:schemata|monitoring))/,
    example: features({ linux: { intelRdt: { schemata: "yes" } } }),
  },
];

/** The reference refuses, ours does not. */
export const LAXER: readonly Difference[] = [
  {
    document: "config",
    reason:
      "config.md#extensibility: tsrun runs on Linux; what belongs to another platform is unknown to it, and ignored",
    place: /^\/(?:solaris|windows|vm|zos|freebsd)(?:\/|$)/,
    example: config({ freebsd: { jail: { vnet: "disable" } } }),
  },
  {
    document: "config",
    reason: "config-linux.md#pids: limit is OPTIONAL since 1.3; the reference demands it",
    place: /^\/linux\/resources\/pids$/,
    words: /^required/,
    example: resources({ pids: {} }),
  },
  {
    document: "config",
    reason: "config-linux.md#devices: fileMode is a uint32; the reference stops at 0777, below set-user-ID bits",
    place: /^\/linux\/devices\/\d+\/fileMode$/,
    words: /^maximum/,
    example: linux({ devices: [{ type: "p", path: "/x", fileMode: 2541 }] }),
  },
  {
    document: "config",
    reason:
      "docker and containerd write recursive propagation, rslave and rshared, which runc and crun take; the text names no such value",
    place: /^\/linux\/rootfsPropagation$/,
    words: /^enum "r/,
    example: linux({ rootfsPropagation: "rslave" }),
  },
  {
    document: "features",
    reason: "features.md: all properties but the versions may be null",
    place: /^\/(?!ociVersion|annotations\/)(?!.*\/\d+$)/,
    words: /^type null$/,
    example: features({ hooks: null, linux: { seccomp: null } }),
  },
];
