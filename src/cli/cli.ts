// SPDX-License-Identifier: Apache-2.0
/** From arguments to an exit code: parses, loads the one command that is asked for, presents what it throws. */
import { TsrunError } from "../errors/errors.ts";
import type { Runtime, RuntimeOptions } from "../runtime/runtime.ts";
import { type Command, type Context, EXEC_FAILURE, FAILURE } from "./command.ts";
import { type Log, openLog } from "./log.ts";
import type { GlobalValues } from "./options.ts";
import { print } from "./output.ts";
import { type CommandLine, parseCommandLine } from "./parse.ts";
import type { Scene } from "./present.ts";
import { COMMANDS, type CommandName } from "./table.ts";

// Each is evaluated only when it is asked for. The bundler keeps it so.
const LOAD: { readonly [Name in CommandName]: () => Promise<{ readonly perform: Command<Name> }> } = {
  create: () => import("./commands/create.ts"),
  start: () => import("./commands/start.ts"),
  state: () => import("./commands/state.ts"),
  kill: () => import("./commands/kill.ts"),
  pause: () => import("./commands/pause.ts"),
  resume: () => import("./commands/resume.ts"),
  ps: () => import("./commands/ps.ts"),
  update: () => import("./commands/update.ts"),
  events: () => import("./commands/events.ts"),
  completion: () => import("./commands/completion.ts"),
  exec: () => import("./commands/exec.ts"),
  delete: () => import("./commands/delete.ts"),
  run: () => import("./commands/run.ts"),
  list: () => import("./commands/list.ts"),
  spec: () => import("./commands/spec.ts"),
  checkpoint: () => import("./commands/checkpoint.ts"),
  restore: () => import("./commands/restore.ts"),
  features: () => import("./commands/features.ts"),
  plan: () => import("./commands/plan.ts"),
  explain: () => import("./commands/explain.ts"),
  validate: () => import("./commands/validate.ts"),
};

/** Performs a command line, and returns what the process should exit with. Never throws. */
export async function cli(argv: readonly string[]): Promise<number> {
  let log = openLog({ format: "text", debug: false });
  let scene: Scene = {};
  let failure = FAILURE;
  try {
    const line = parseCommandLine(argv);
    scene = sceneOf(line);
    if (line.command === "exec") failure = EXEC_FAILURE;
    if (line.global.version) return await printVersion();
    if (line.command === undefined || line.options.help === true) return await printHelp(line.command);
    const { log: file, "log-format": format, debug } = line.global;
    log = openLog({ file, format, debug });
    return await perform(line.command, line, contextOf(line.global, log));
  } catch (error) {
    if (isClosedPipe(error)) return FAILURE;
    const { presentError } = await import("./present.ts");
    log.error(presentError(error, { ...scene, command: scene.command ?? commandIn(argv) }));
    return failure;
  } finally {
    log.close();
  }
}

async function perform(name: CommandName, line: CommandLine, context: Context): Promise<number> {
  const began = process.hrtime.bigint();
  context.log.debug(`${name} ${line.args.join(" ")}`.trimEnd());
  // The table that types the values of each command is the one that they were parsed by.
  const { perform: command } = (await LOAD[name]()) as { perform: Command<never> };
  const code = await command({ options: line.options as never, args: line.args, context });
  context.log.debug(
    `${name}: done after ${(Number(process.hrtime.bigint() - began) / 1e6).toFixed(1)} ms, exit code ${code}`,
  );
  return code;
}

function contextOf(global: GlobalValues, log: Log): Context {
  let runtime: Promise<Runtime> | undefined;
  return {
    log,
    runtime() {
      runtime ??= openRuntime(global, log);
      return runtime;
    },
  };
}

async function openRuntime(global: GlobalValues, log: Log): Promise<Runtime> {
  const { Runtime } = await import("../runtime/runtime.ts");
  const options: RuntimeOptions = {
    ...(global.root === undefined ? {} : { root: global.root }),
    cgroupManager: global["systemd-cgroup"] ? "systemd" : global["cgroup-manager"],
    ...(global.rootless === "auto" ? {} : { rootless: global.rootless === "true" }),
    onWarning: (warning) => log.warn(warning),
  };
  return new Runtime(options);
}

async function printVersion(): Promise<number> {
  const { versionText } = await import("./version.ts");
  print(versionText());
  return 0;
}

async function printHelp(command: CommandName | undefined): Promise<number> {
  const { helpOf, helpOfAll } = await import("./help.ts");
  print(command === undefined ? helpOfAll() : helpOf(command));
  return 0;
}

function sceneOf({ command, options, args }: CommandLine): Scene {
  const positional = command === "plan" || command === "validate" ? args[0] : undefined;
  const { bundle } = options;
  return { command, bundle: positional ?? (typeof bundle === "string" ? bundle : undefined) };
}

/** The command of a line that could not be parsed: its help is the one to read. */
function commandIn(argv: readonly string[]): CommandName | undefined {
  return argv.find((arg): arg is CommandName => Object.hasOwn(COMMANDS, arg));
}

/** The reader of our output has gone, as in `tsrun plan | head`: there is nobody to tell. */
function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && !(error instanceof TsrunError) && "code" in error && error.code === "EPIPE";
}
