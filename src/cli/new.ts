/** `pyrois new`: makes a project. */
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { type Command, CommandError, nearest, textOf, UsageError } from "./command.ts";
import { manifest, root } from "./package.ts";
import { filesOf } from "./templates/common.ts";
import { TEMPLATES } from "./templates/index.ts";
import { columns, painter, print } from "./terminal.ts";

/** Characters of a name that a package can have: npm takes no more. */
const NAME_MAX = 214;

/** Throws a UsageError where npm would refuse a package of this name. */
function checkName(name: string): void {
  const wrong =
    name.length > NAME_MAX
      ? `longer than ${NAME_MAX} characters`
      : !/^[a-z0-9-~][a-z0-9-._~]*$/.test(name)
        ? "more than lower-case letters, digits, and - . _ ~ after the first of them"
        : [...builtinModules, "node_modules", "favicon.ico"].includes(name)
          ? "taken by Node itself"
          : null;
  if (wrong !== null) throw new UsageError(`${JSON.stringify(name)} cannot be the name of a package: it is ${wrong}`);
}

/** Throws a CommandError where a folder is there and has something in it. */
function checkFolder(folder: string): void {
  let names: readonly string[];
  try {
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (!found.isDirectory()) throw new CommandError(`${folder} is a file`);
    names = readdirSync(folder);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`cannot make ${folder}: ${(error as Error).message}`);
  }
  if (names.length > 0) throw new CommandError(`${folder} is not empty: name a folder that is, or is new`);
}

/** What npm has noted of a package that it installed. */
interface Installed {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
}

/**
 * Where a project gets pyrois from: the registry where this one came from there, else the tarball that it was installed
 * from, or the folder that it runs in.
 */
function sourceOf(): string {
  const modules = path.dirname(root);
  if (path.basename(modules) !== "node_modules") return `file:${root}`;
  try {
    const { packages } = JSON.parse(readFileSync(path.join(modules, ".package-lock.json"), "utf8"));
    const { resolved, link }: Installed = packages["node_modules/pyrois"] ?? {};
    if (link === true) return `file:${root}`;
    // Relative to what it was installed in.
    if (resolved?.startsWith("file:///")) return `file:${fileURLToPath(resolved)}`;
    if (resolved?.startsWith("file:"))
      return `file:${path.resolve(path.dirname(modules), resolved.slice("file:".length))}`;
  } catch {
    // Another package manager has installed it.
  }
  return `^${manifest.version}`;
}

/** The template that is asked for; asks for it where a terminal is there to answer. */
async function templateOf(named: string | undefined): Promise<string> {
  const names = Object.keys(TEMPLATES);
  let name = named;
  if (name === undefined && process.stdin.isTTY && process.stdout.isTTY) {
    print(...columns(Object.entries(TEMPLATES).map(([each, { summary }]) => [`  ${each}`, summary])));
    const asking = createInterface({ input: process.stdin, output: process.stdout });
    name = (await asking.question(`Which template? (${names[0]}) `)).trim();
    asking.close();
  }
  name ||= names[0];
  if (Object.hasOwn(TEMPLATES, name)) return name;
  const near = nearest(name, names);
  throw new UsageError(
    `there is no template ${name}. ${near === null ? `There are ${names.join(", ")}.` : `Do you mean ${near}?`}`,
  );
}

/** Installs what the project needs; gives whether that went well. */
function install(folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    const npm = spawn("npm", ["install", "--no-audit", "--no-fund"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
      shell: process.platform === "win32",
    });
    npm.on("error", () => resolve(false));
    npm.on("close", (code) => resolve(code === 0));
  });
}

export const command: Command = {
  usage: "NAME [options]",
  summary: "makes a project",
  details:
    "Makes a folder of that name with a project that runs and tests at once: an application, its tests, strict " +
    "TypeScript, a Dockerfile and a README. NAME may be a path; its last part is the name of the package. The folder must " +
    "be empty, or new.",
  options: {
    template: {
      type: "string",
      short: "t",
      value: "NAME",
      says: `${Object.keys(TEMPLATES).join(", ")}; default: minimal, or what you answer on a terminal`,
    },
    "no-install": { type: "boolean", says: "leaves npm install to you; off by default" },
  },
  positionals: [1, 1],
  examples: ["pyrois new hello", "pyrois new shop --template api"],
  async run(given) {
    const folder = path.resolve(given.positionals[0]);
    const name = path.basename(folder);
    checkName(name);
    checkFolder(folder);
    const template = await templateOf(textOf(given, "template"));
    const paint = painter(process.stdout);
    const { tsx = "4", typescript = "5", "@types/node": node = "20" } = manifest.devDependencies ?? {};
    const versions = { tsx: `^${tsx}`, typescript: `^${typescript}`, node: `^${node}` };
    const files = filesOf({ name, pyrois: sourceOf(), versions, template: TEMPLATES[template] });
    try {
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
        writeFileSync(path.join(folder, file), text);
      }
    } catch (error) {
      throw new CommandError(`cannot make ${folder}: ${(error as Error).message}`);
    }
    print(`${paint("green", "made")} ${Object.keys(files).length} files in ${folder}: ${TEMPLATES[template].summary}`);
    const wanted = given.options["no-install"] !== true;
    if (wanted) print("installing …");
    const installed = wanted && (await install(folder));
    if (installed) print(`${paint("green", "installed")}`);
    const steps = [`cd ${given.positionals[0]}`, ...(installed ? [] : ["npm install"]), "npm run dev", "npm test"];
    print("", paint("bold", "Next:"), ...steps.map((step) => `  ${step}`));
    if (wanted && !installed) throw new CommandError(`"npm install" has failed; the project is there`);
    return 0;
  },
};
