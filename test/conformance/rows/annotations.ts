// SPDX-License-Identifier: Apache-2.0
/** config.md: annotations. */
import { both, must, partly, type Row, section, shown } from "../row.ts";

const STATE = "live/conformance-state.test.ts";
const INVALID = "conformance/invalid.test.ts";
const NOT_READ = "It binds who writes config.json; tsrun does not act on this key and hands it over as it is.";
const PROPERTIES = ["os", "os.version", "os.features", "architecture", "variant", "author", "created"];

export const ANNOTATIONS: readonly Row[] = section("config.md#annotations", [
  must(
    "annotations-map",
    "Annotations MUST be a key-value map.",
    shown(INVALID, "annotations that are no map are refused"),
  ),
  must(
    "annotations-keys",
    "Keys MUST be strings.",
    shown(STATE, "annotations are in the state as the configuration has them"),
  ),
  must(
    "annotations-empty-key",
    "Keys MUST NOT be an empty string.",
    shown(INVALID, "an annotation without a key is refused"),
  ),
  must(
    "annotations-reserved",
    "annotations using keys in this namespace MUST be as described in this section.",
    partly(
      "It binds who writes config.json; tsrun hands the annotations over as they are.",
      shown(STATE, "annotations are in the state as the configuration has them"),
    ),
  ),
  ...PROPERTIES.map((name) =>
    must(
      `annotations-${name}`,
      `The annotation value MUST have a valid value for the \`${name}\` property`,
      partly(NOT_READ, shown(STATE, "annotations are in the state as the configuration has them")),
    ),
  ),
  must(
    "annotations-config.StopSignal",
    "The annotation value MUST have a valid value for the `config.StopSignal` property",
    both(
      shown("config/rules.test.ts", "a stop signal that is none"),
      shown("live/lifecycle.test.ts", "kill without a signal sends the one that the image wants to be ended by"),
    ),
  ),
  must(
    "annotations-unknown",
    "Runtimes MUST handle unknown annotation keys like any other unknown property.",
    shown(STATE, "annotations are in the state as the configuration has them"),
  ),
  must("annotations-values", "Values MUST be strings.", shown(INVALID, "an annotation that is no string is refused")),
]);
