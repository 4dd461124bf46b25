/** The servers that are loaded, which of them can be on this machine, and what they are. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { NODE } from "../load/contender.mjs";

/** Debian's own Python, for which its packages are; it is to leave no compiled files in python/. */
const PYTHON = ["/usr/bin/python3", "-B"];

/**
 * @typedef {object} More
 * @property {boolean} keepsAlive whether it serves more than one request on a connection
 * @property {string[]} modules of Python that it needs
 * @property {string[]} packages of Debian that have them
 *
 * @typedef {import("../load/contender.mjs").Which & More} Server
 */

/**
 * @param {string} name
 * @param {string} module
 * @returns {Server} one that runs on Node
 */
function onNode(name, module) {
  const file = path.join(import.meta.dirname, "contenders", module);
  return { name, file, host: NODE, keepsAlive: true, modules: [], packages: [] };
}

/**
 * @param {string} name
 * @param {string} module
 * @param {More} more
 * @returns {Server} one that runs on Python
 */
function onPython(name, module, more) {
  return { name, file: path.join(import.meta.dirname, "../python", module), host: PYTHON, ...more };
}

const UVICORN = {
  keepsAlive: true,
  modules: ["uvicorn", "httptools", "uvloop"],
  packages: ["python3-uvicorn", "python3-httptools", "python3-uvloop"],
};

/** @type {Server[]} */
export const CONTENDERS = [
  onNode("pyrois", "pyrois.mjs"),
  onNode("node:http", "node-http.mjs"),
  onNode("fastify", "fastify.mjs"),
  onNode("hono", "hono.mjs"),
  onNode("express", "express.mjs"),
  onPython("uvicorn", "uvicorn_server.py", UVICORN),
  onPython("FastAPI", "fastapi_server.py", {
    ...UVICORN,
    modules: ["fastapi", ...UVICORN.modules],
    packages: ["python3-fastapi", ...UVICORN.packages],
  }),
  onPython("Flask", "flask_server.py", {
    keepsAlive: false,
    modules: ["flask", "gunicorn"],
    packages: ["python3-flask", "python3-gunicorn"],
  }),
];

/**
 * @param {string} code
 * @returns {string | null} what it prints, null where it fails or there is no Python
 */
function askPython(code) {
  const [python, ...options] = PYTHON;
  const { status, stdout } = spawnSync(python, [...options, "-c", code], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}

/**
 * @param {Server} server
 * @returns {boolean} whether all is there that it needs
 */
export function isThere({ modules }) {
  return modules.length === 0 || askPython(`import ${modules.join(", ")}`) !== null;
}

/**
 * @param {Server[]} servers
 * @returns {string} the versions of Python and of the modules that they need
 */
export function versions(servers) {
  const modules = [...new Set(servers.flatMap((server) => server.modules))];
  if (modules.length === 0) return "no server in Python";
  const code = `import platform, importlib.metadata as m
print("; ".join(["Python " + platform.python_version()] + [n + " " + m.version(n) for n in ${JSON.stringify(modules)}]))`;
  return askPython(code) ?? "Python of unknown version";
}
