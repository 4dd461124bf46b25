/** The hosts under examples/embed, which use nothing of this project but the parser. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exchange } from "../support/client.ts";

const root = path.join(import.meta.dirname, "..", "..");
const wasm2c = "/usr/share/wabt/wasm2c";
const missing = !existsSync(wasm2c) || spawnSync("cc", ["--version"]).status !== 0;

// CI has wabt and a C compiler; elsewhere this part is left out where they are missing.
describe.skipIf(missing && !process.env.CI)("host.c", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "pyrois-embed-"));
  const program = path.join(folder, "host");

  beforeAll(() => {
    const [module, source] = [path.join(root, "dist/parser.scalar.wasm"), path.join(root, "examples/embed/host.c")];
    execFileSync("wasm2c", ["-n", "parser", module, "-o", "parser.c"], { cwd: folder });
    // What wasm2c writes does not compile without warnings; what is ours does.
    const strict = ["-O1", "-Wall", "-Wextra", "-Werror", "-I.", `-I${wasm2c}`];
    execFileSync("cc", [...strict, "-c", source, "-o", "host.o"], { cwd: folder });
    const generated = ["parser.c", `${wasm2c}/wasm-rt-impl.c`];
    execFileSync("cc", ["-O1", "-w", `-I${wasm2c}`, "host.o", ...generated, "-o", program], { cwd: folder });
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = (input: string) => {
    const { status, stdout } = spawnSync(program, { input: Buffer.from(input, "latin1") });
    return [status, stdout.toString("latin1")];
  };

  test("prints a request with its content and trailers", () => {
    const chunks = "2\r\nhi\r\n3;x\r\n you\r\n0\r\nX-T: 1\r\n\r\n".replace(" you", "you");
    expect(run(`POST /p?q HTTP/1.1\r\nHost: a\r\nX-Y: z\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`)).toEqual([
      0,
      "method POST\ntarget /p?q\nversion 1.1\nfield Host: a (1)\nfield X-Y: z (0)\n" +
        "field Transfer-Encoding: chunked (4)\ncontent hi\ncontent you\ntrailer X-T: 1 (0)\n",
    ]);
    expect(run("PUT / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc")[1]).toContain("content abc\n");
  });

  test("asks for more, and tells what is wrong", () => {
    expect(run("GET / HTTP/1.1\r\nHost: a\r\n")).toEqual([2, "more is needed\n"]);
    expect(run("GET / HTTP/1.1\r\nHost: a b\r\n\r\n")).toEqual([1, "error 17 at byte 22\n"]);
  });
});

describe("server.ts", () => {
  let child: ChildProcess;
  let port = 0;
  beforeAll(async () => {
    child = spawn(process.execPath, [path.join(root, "build/examples/embed/server.js")], {
      env: { ...process.env, PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(child.stdout as NodeJS.ReadableStream, "data");
    port = Number(/:(\d+)\//.exec(String(line))?.[1]);
  });
  afterAll(() => {
    child.kill();
  });

  test("answers pipelined requests with what it read", async () => {
    const answers = await exchange(
      port,
      "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" +
        "GET /b HTTP/1.1\r\nHost: a\r\nX: y\r\nConnection: close\r\n\r\nGET /c HTTP/1.1\r\n",
    );
    expect(answers.map(({ body }) => body)).toEqual([
      "POST /a with 2 fields and 5 bytes of content\n",
      "GET /b with 3 fields and 0 bytes of content\n",
    ]);
  });

  test("refuses what is wrong or incomplete, after what was right", async () => {
    const good = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    expect((await exchange(port, `${good}GET / HTTP/1.1\r\n\r\n`)).map(({ status }) => status)).toEqual([200, 400]);
    expect((await exchange(port, "GET / HTTP/2.0\r\n\r\n")).map(({ status }) => status)).toEqual([505]);
    expect((await exchange(port, `${good}GET /`)).map(({ status }) => status)).toEqual([200, 400]);
  });
});
