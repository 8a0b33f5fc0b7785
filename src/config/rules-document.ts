// SPDX-License-Identifier: Apache-2.0
/** Rules about the document as a whole: version, root, names, annotations. config.md. */
import { quote, utf8 } from "../kernel/quote.ts";
import { signalNumber } from "../kernel/signal-names.ts";
import type { Config } from "./config.ts";
import { pointer } from "./pointer.ts";
import { type Fault, namespaceOf, type Rule } from "./rule.ts";

/** The version of the specification that tsrun follows. */
export const OCI_VERSION = "1.3.0";

/** The annotation with the signal by which the image wants to be ended. */
export const STOP_SIGNAL = "org.opencontainers.image.stopSignal";

/** Properties that Linux does not have; `vm` is for runtimes that start virtual machines. */
const ELSEWHERE = ["solaris", "windows", "vm", "zos", "freebsd"];

/** SemVer 2.0.0, https://semver.org: no leading zeros, identifiers of letters, digits and hyphens. */
const NUMBER = "(?:0|[1-9]\\d*)";
const IDENTIFIER = "(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)";
const SEMVER = new RegExp(
  `^(${NUMBER})\\.(${NUMBER})\\.${NUMBER}(?:-${IDENTIFIER}(?:\\.${IDENTIFIER})*)?(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?$`,
);
/** sethostname(2), setdomainname(2): __NEW_UTS_LEN. */
const NAME_MAX = 64;

export const DOCUMENT_RULES: readonly Rule[] = [
  {
    name: "the version is one of 1.x",
    spec: "config.md#specification-version",
    reads: ["/ociVersion"],
    level: "error",
    *check({ ociVersion }): Iterable<Fault> {
      const major = SEMVER.exec(ociVersion)?.[1];
      const at = { pointer: "/ociVersion" };
      if (major === undefined) yield { ...at, message: `expected a SemVer 2.0.0 version, found ${quote(ociVersion)}` };
      else if (major !== "1") yield { ...at, message: `expected version 1.x, found ${quote(ociVersion)}` };
    },
  },
  {
    name: "the version is not newer than the runtime",
    spec: "config.md#specification-version",
    reads: ["/ociVersion"],
    level: "warning",
    *check({ ociVersion }): Iterable<Fault> {
      const [, major, minor] = SEMVER.exec(ociVersion) ?? [];
      if (major === "1" && BigInt(minor ?? "0") > BigInt(OCI_VERSION.split(".")[1] ?? "0")) {
        const message = `${quote(ociVersion)} is newer than ${OCI_VERSION}, the version this runtime follows: properties it does not know are ignored`;
        yield { pointer: "/ociVersion", message };
      }
    },
  },
  {
    name: "there is a root",
    spec: "config.md#root",
    reads: ["/root"],
    level: "error",
    *check({ root }): Iterable<Fault> {
      if (root === undefined) yield { pointer: "", message: `"root" is missing` };
      else if (root.path === "") yield { pointer: "/root/path", message: "expected a path, found an empty string" };
    },
  },
  {
    name: "what is told is told of Linux",
    spec: "config.md#platform-specific-configuration",
    reads: ELSEWHERE.map((platform) => `/${platform}`),
    level: "warning",
    *check(config): Iterable<Fault> {
      for (const platform of ELSEWHERE) {
        if (!Object.hasOwn(config, platform)) continue;
        yield { pointer: `/${platform}`, message: "has no effect: it is for other platforms than Linux" };
      }
    },
  },
  nameRule("hostname"),
  nameRule("domainname"),
  {
    name: "annotations have keys",
    spec: "config.md#annotations",
    reads: ["/annotations"],
    level: "error",
    *check({ annotations = {} }): Iterable<Fault> {
      if (Object.hasOwn(annotations, "")) {
        yield { pointer: pointer("annotations", ""), message: "the key of an annotation must not be empty" };
      }
    },
  },
  {
    name: "the signal that an image wants to be ended by is one",
    spec: "config.md#annotations",
    reads: ["/annotations"],
    level: "warning",
    *check({ annotations = {} }): Iterable<Fault> {
      const wish = annotations[STOP_SIGNAL];
      if (!wish || signalNumber(wish) !== undefined) return;
      const message = `${quote(wish)} is no signal: "kill" will have to be told one`;
      yield { pointer: pointer("annotations", STOP_SIGNAL), message };
    },
  },
];

function nameRule(property: "hostname" | "domainname"): Rule {
  return {
    name: `a ${property} has a UTS namespace to be set in`,
    spec: `config.md#${property}`,
    reads: [`/${property}`, "/linux/namespaces"],
    level: "error",
    *check(config: Config): Iterable<Fault> {
      const name = config[property];
      if (!name) return;
      if (namespaceOf(config, "uts") === undefined) {
        const message = `needs a uts namespace in /linux/namespaces: without one it would become the host's ${property}`;
        yield { pointer: `/${property}`, message };
      }
      const length = utf8(name).length;
      if (length > NAME_MAX) {
        yield { pointer: `/${property}`, message: `expected at most ${NAME_MAX} bytes, found ${length}` };
      }
    },
  };
}
