/** The folder of a run: files to serve, and the log that is written. The benchmark makes it, contenders find it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { LARGE, SMALL } from "./content.mjs";

/** Name of the variable of the environment that tells contenders where the folder is. */
const VARIABLE = "BENCH_FOLDER";

/** @returns {string} path of what has such a name in the folder */
function place(name) {
  return path.join(process.env[VARIABLE], name);
}

/** @returns {string} path of the folder that is served */
export function filesFolder() {
  return place("files");
}

/** @returns {string} path of the log that requests are written to */
export function logFile() {
  return place("access.log");
}

/** Makes the folder, which goes when this process does. Contenders that are started from now on find it. */
export function layOut() {
  const folder = mkdtempSync(path.join(tmpdir(), "pyrois-bench-"));
  process.env[VARIABLE] = folder;
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(filesFolder());
  for (const { name, content } of [SMALL, LARGE]) writeFileSync(path.join(filesFolder(), name), content, "latin1");
}
