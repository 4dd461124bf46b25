/** Applications that use node:http run on this server by the preload, unchanged; those of node:https go on as they did. */
import { execFile } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = path.join(import.meta.dirname, "..", "..", "..");
const preload = path.join(root, "dist", "gateway", "node", "register.js");
const entry = pathToFileURL(path.join(root, "dist", "gateway", "node.js")).href;
const fixture = (name: string) => JSON.stringify(path.join(root, "tests", "fixtures", name));

/** Asks a server that was just made, and tells whose it was. */
const ask = `
  const server = createServer(app).listen(0, () => {
    get({ port: server.address().port, agent: false }, async (res) => {
      let text = "";
      for await (const piece of res) text += piece;
      const { Server } = await import("${entry}");
      console.log(res.statusCode, text, server instanceof Server, server.constructor === Server);
      server.close();
    });
  });`;

const programs: Record<string, [format: string, code: string]> = {
  "a module with names of its own": [
    "module",
    `import { createServer, get } from "node:http";
    const app = (_, res) => res.end("hello");
    ${ask}`,
  ],
  "a module with all of it": [
    "module",
    `import http from "http";
    const { createServer, get } = http;
    const app = (_, res) => res.end("hello");
    ${ask}`,
  ],
  "a script, with Express": [
    "commonjs",
    `const { createServer, get } = require("http");
    const app = require(${JSON.stringify(path.join(root, "node_modules", "express"))})();
    app.get("/", (_, res) => res.send("hello"));
    ${ask}`,
  ],
};

async function run(flag: string, format: string, code: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [flag, preload, `--input-type=${format}`, "-e", code]);
  return stdout.trim();
}

for (const flag of ["--import", "--require"]) {
  test.each(Object.entries(programs))(`${flag}: %s`, async (_, [format, code]) => {
    expect(await run(flag, format, code)).toBe("200 hello true true");
  });
}

test("a server of node:https is Node's", async () => {
  const code = `
    import { readFileSync } from "node:fs";
    import { createServer, get } from "node:https";
    const options = { key: readFileSync(${fixture("localhost.key")}), cert: readFileSync(${fixture("localhost.crt")}) };
    const server = createServer(options, (req, res) => res.end("hello"));
    server.listen(0, () => {
      get({ port: server.address().port, agent: false, rejectUnauthorized: false }, async (res) => {
        for await (const piece of res) console.log(String(piece), server.constructor.name);
        server.close();
      });
    });`;
  expect(await run("--import", "module", code)).toBe("hello Server");
});
