/** `pyrois dev`: a module that changes, and a port that stays. */
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { browser, evaluateInPage } from "../support/browser.ts";
import { project, Running } from "../support/pyrois.ts";

const APP = 'import { App } from "pyrois";\nexport const app = new App();\n';
const route = (says: string, pattern = "/") => `${APP}app.get("${pattern}", () => "${says}");\n`;

let running: Running | undefined;
afterEach(async () => {
  await running?.end();
  running = undefined;
});

interface Dev {
  readonly running: Running;
  readonly port: number;
  write(file: string, text: string): void;
}

/** Runs one of these files, and waits until it listens. */
async function dev(files: Readonly<Record<string, string>>, file: string, ...args: string[]): Promise<Dev> {
  const folder = project(files);
  running = new Running(["dev", file, "--port", "0", ...args], { cwd: folder });
  const [, port] = await running.says(/listening on http:\/\/[^/]*:(\d+)\//);
  const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
  return { running, port: Number(port), write };
}

/** Gets a path, on a connection of its own. */
function get(port: number, at = "/", headers = {}): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: "127.0.0.1", path: at, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part) => {
        text += part;
      });
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    asked.on("error", reject).end();
  });
}

describe("a change starts the module anew, on the same port", () => {
  test("of the module", async () => {
    const { running, port, write } = await dev({ "app.mjs": route("one") }, "app.mjs");
    expect(await get(port)).toEqual({ status: 200, text: "one" });
    write("app.mjs", route("two"));
    await running.says(/changed app\.mjs\nrestarted in \d+ ms \(\d+ ms of CPU time\)/);
    expect((await get(port)).text).toBe("two");
    expect(running.out.match(/listening/g)).toHaveLength(1);
  });

  test("of a module of TypeScript that it imports, with decorators, put in its place by another name", async () => {
    const users = (name: string) =>
      'import { Blueprint, get } from "pyrois";\nexport class Users extends Blueprint {\n' +
      `  @get("/") list(): string { return "${name}"; }\n}\n`;
    const app = `import { Users } from "./users.ts";\n${APP}app.addBlueprint(new Users());\n`;
    const { running, port, write } = await dev({ "app.ts": app, "users.ts": users("Ada") }, "app.ts");
    expect((await get(port)).text).toBe("Ada");
    write("users.ts.tmp", users("Bob"));
    const { cwd } = running;
    renameSync(path.join(cwd, "users.ts.tmp"), path.join(cwd, "users.ts"));
    await running.says(/changed users\.ts\nrestarted/);
    expect((await get(port)).text).toBe("Bob");
  });

  test("of a template, in a folder that is new", async () => {
    const { running } = await dev({ "app.mjs": route("one"), "templates/a.html": "a" }, "app.mjs");
    mkdirSync(path.join(running.cwd, "templates", "more"));
    await running.says(/restarted/);
    writeFileSync(path.join(running.cwd, "templates", "more", "b.html"), "b");
    await running.says(/changed templates\/more\/b\.html\nrestarted/);
  });

  test("after its folder was away, or another was put in its place, as other branches do", async () => {
    const { running, port, write } = await dev({ "src/app.mjs": route("one") }, "src/app.mjs");
    const [source, aside, old] = ["src", "aside", "old"].map((name) => path.join(running.cwd, name));
    cpSync(source, aside, { recursive: true });
    rmSync(source, { recursive: true });
    await running.says(/waiting for a change/);
    cpSync(aside, source, { recursive: true });
    await running.says(/restarted/);
    write("src/app.mjs", route("two"));
    await running.says(/restarted/);
    expect((await get(port)).text).toBe("two");
    renameSync(source, old);
    renameSync(aside, source);
    await running.says(/restarted/);
    expect((await get(port)).text).toBe("one");
    write("src/app.mjs", route("three"));
    await running.says(/restarted/);
    expect((await get(port)).text).toBe("three");
  });

  test("of many in a row, without a word of what was not begun", async () => {
    const { running, write } = await dev({ "app.mjs": route("0") }, "app.mjs");
    for (let version = 1; version <= 20; ++version) {
      write("app.mjs", route(String(version)));
      await running.says(/changed/);
    }
    await running.says(/restarted/);
    expect(running.err).toBe("");
  });

  test("while the one before loads modules still, without a word of that", async () => {
    const late = 'process.on("SIGTERM", () => import("./late.mjs"));\n';
    const files = { "app.mjs": late + route("one"), "late.mjs": "setImmediate(() => process.exit());" };
    const { running, write } = await dev(files, "app.mjs");
    write("app.mjs", route("two"));
    await running.says(/restarted/);
    expect(running.err).toBe("");
  });

  test("of one that never came to its end, which is told of", async () => {
    const folder = project({ "app.mjs": "setInterval(() => {}, 1000);\nawait new Promise(() => {});\n" });
    running = new Running(["dev", "app.mjs", "--port", "0"], { cwd: folder });
    await running.says(/starting for 3 s now/);
    writeFileSync(path.join(folder, "app.mjs"), route("two"));
    const [, port] = await running.says(/listening on http:\/\/[^/]*:(\d+)\//);
    expect((await get(Number(port))).text).toBe("two");
  });

  test("of what --watch names, and of nothing else", async () => {
    const files = { "app.mjs": route("one"), "data.json": "1", "other.json": "1" };
    const { running, write } = await dev(files, "app.mjs", "--watch", "data.json");
    write("other.json", "2");
    write("data.json", "22");
    await running.says(/^changed data\.json\nrestarted/m);
    expect(running.out).not.toContain("other.json");
  });

  test("of a module that listens by itself, with several servers", async () => {
    const self = (says: string) =>
      'import { createServer } from "node:http";\nimport { App } from "pyrois";\n' +
      // One process is all there is in development.
      `new App().get("/", () => "${says}").listen({ port: 0, workers: 2 });\n` +
      `createServer((_, response) => response.end("node ${says}")).listen(0, "127.0.0.1");\n`;
    const { running, port, write } = await dev({ "self.mjs": self("one") }, "self.mjs");
    const [, second] = await running.says(/listening on http:\/\/[^/]*:(\d+)\//);
    const both = () => Promise.all([get(port), get(Number(second))]);
    expect((await both()).map(({ text }) => text).sort()).toEqual(["node one", "one"]);
    write("self.mjs", self("two"));
    await running.says(/restarted/);
    expect((await both()).map(({ text }) => text).sort()).toEqual(["node two", "two"]);
  });
});

test("connections that come meanwhile wait, and get what is new", async () => {
  const slow = (says: string) => `await new Promise((done) => setTimeout(done, 200));\n${route(says)}`;
  const { running, port, write } = await dev({ "app.mjs": slow("one") }, "app.mjs");
  write("app.mjs", slow("two"));
  await running.says(/changed/);
  const answers = await Promise.all(Array.from({ length: 20 }, () => get(port)));
  expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(["two"]));
});

test("not one of many requests is refused or lost over several restarts", async () => {
  const { running, port, write } = await dev({ "app.mjs": route("0") }, "app.mjs");
  let over = false;
  const seen = [(await get(port)).text];
  const asking = Array.from({ length: 4 }, async () => {
    while (!over) seen.push((await get(port)).text);
  });
  for (const says of ["1", "2", "3"]) {
    write("app.mjs", route(says));
    await running.says(/restarted/);
    expect((await get(port)).text).toBe(says);
  }
  over = true;
  await Promise.all(asking);
  expect(new Set(seen)).toEqual(new Set(["0", "1", "2", "3"]));
});

test("what is at work is answered before the module ends", async () => {
  const app = `${APP}app.get("/", async () => { console.log("begun"); await new Promise((done) => setTimeout(done, 100)); return "done"; });\n`;
  const { running, port, write } = await dev({ "app.mjs": app }, "app.mjs");
  const answer = get(port);
  await running.says(/begun/);
  write("app.mjs", `${app}//\n`);
  expect((await answer).text).toBe("done");
  await running.says(/restarted/);
});

test("a module that app.load has loaded is loaded anew without a restart, unless others import it", async () => {
  const module = (says: string) => `export function setup(app) { app.get("/m", () => "${says}"); }\n`;
  const app = `${APP}const born = Math.random();\napp.get("/", () => String(born));\nawait app.load("m.mjs");\n`;
  const { running, port, write } = await dev({ "app.mjs": app, "m.mjs": module("one") }, "app.mjs");
  const born = await get(port);
  expect((await get(port, "/m")).text).toBe("one");
  write("m.mjs", module("two"));
  await running.says(/changed m\.mjs\nloaded m\.mjs in \d+ ms/);
  expect((await get(port, "/m")).text).toBe("two");
  expect(await get(port)).toEqual(born);
  // One that fails is what a restart shows.
  write("m.mjs", "export function setup() { throw new Error('no more'); }\n");
  await running.says(/failed: Error: no more \(m\.mjs:1:\d+\)/);
  write("m.mjs", module("three"));
  await running.says(/restarted/);
  expect((await get(port, "/m")).text).toBe("three");
  write("app.mjs", `import "./m.mjs";\n${app}`);
  await running.says(/restarted/);
  write("m.mjs", module("four"));
  await running.says(/changed m\.mjs\nrestarted/);
});

describe("while it is broken the port tells why", () => {
  const html = { Accept: "text/html" };

  test.each([
    {
      kind: "syntax",
      file: "app.mjs",
      text: "const x = ;",
      message: "SyntaxError: Unexpected token ';'",
      place: "app.mjs:1:11",
    },
    {
      kind: "syntax of TypeScript",
      file: "app.ts",
      text: "\nconst x = ;",
      message: "Unexpected",
      place: "app.ts:2:10",
    },
    { kind: "import", file: "app.mjs", text: 'import "./nowhere.mjs";', message: "Cannot find module", place: "" },
    {
      kind: "name",
      file: "app.mjs",
      text: 'import { nothing } from "pyrois";',
      message: "nothing",
      place: "app.mjs:1",
    },
    {
      kind: "start",
      file: "app.mjs",
      text: `${APP}\napp.get("a", () => 1);`,
      message: "a path begins with",
      place: "app.mjs:4:5",
    },
  ])("$kind", async ({ file, text, message, place }) => {
    const { running, port, write } = await dev({ [file]: route("one") }, file);
    write(file, text);
    await running.says(/failed: .*\n(?:.*\n)*?waiting for a change/);
    const page = await get(port, "/any", html);
    expect(page.status).toBe(500);
    expect(page.text).toContain(message.replaceAll("'", "&#39;"));
    expect(page.text).toContain(place);
    if (place !== "") expect(page.text).toMatch(/<span class="wrong"><i>\d+<\/i>/);
    const plain = await get(port);
    expect(plain).toMatchObject({ status: 500, text: expect.stringContaining(message) });
    expect(plain.text).not.toContain("<");
    write(file, route("two"));
    await running.says(/restarted/);
    expect(await get(port)).toEqual({ status: 200, text: "two" });
  });

  test("what the source says is escaped", async () => {
    const { running, port, write } = await dev({ "app.mjs": route("one") }, "app.mjs");
    write("app.mjs", 'throw new Error("<script>alert(1)</script>");');
    await running.says(/waiting/);
    const { text } = await get(port, "/", html);
    expect(text).toContain("Error: &lt;script&gt;alert(1)");
    expect(text).not.toContain("<script>alert");
  });

  test("nothing of it is for names that may be another's, or for pages of other origins", async () => {
    const { running, port, write } = await dev({ "app.mjs": route("one") }, "app.mjs");
    write("app.mjs", 'throw new Error("of mine");');
    await running.says(/waiting/);
    for (const headers of [
      { Host: "evil.example" },
      { Origin: "http://evil.example" },
      { "Sec-Fetch-Site": "cross-site" },
    ]) {
      for (const more of [{}, html]) {
        expect(await get(port, "/", { ...headers, ...more })).toEqual({
          status: 500,
          text: "it is broken; the terminal says why\n",
        });
      }
    }
    expect((await get(port, "/", { Host: "app.localhost" })).text).toContain("of mine");
  });

  test("a process that ends later, and a file that is missing until it comes", async () => {
    const app = `${APP}app.get("/", () => { setImmediate(() => { throw new Error("later"); }); return "once"; });\n`;
    const { running, port, write } = await dev({ "app.mjs": app }, "app.mjs");
    await get(port);
    await running.says(/failed: Error: later \(app\.mjs:3:\d+\)/);
    write("app.mjs", `import "./missing.mjs";\n${route("two")}`);
    await running.says(/failed: .*Cannot find module/);
    write("missing.mjs", "");
    await running.says(/restarted/);
    expect((await get(port)).text).toBe("two");
  });

  test("from the beginning", async () => {
    const folder = project({ "app.mjs": "const x = ;" });
    running = new Running(["dev", "app.mjs", "--port", "0"], { cwd: folder });
    await running.says(/waiting/);
    writeFileSync(path.join(folder, "app.mjs"), route("one"));
    const [, port] = await running.says(/listening on http:\/\/[^/]*:(\d+)\//);
    expect((await get(Number(port))).text).toBe("one");
  });

  test.skipIf(browser === undefined)("a page that goes when the error does", async () => {
    const { running, port, write } = await dev({ "app.mjs": route("one") }, "app.mjs");
    write("app.mjs", "const x = ;");
    await running.says(/waiting/);
    // The browser comes through here, so that it is known when its page waits.
    let waits = () => {};
    const waiting = new Promise<void>((resolve) => {
      waits = resolve;
    });
    const between = createServer((socket) => {
      const there = connect({ port, host: "127.0.0.1" });
      socket.on("data", (bytes) => bytes.includes("GET /.pyrois/mended") && waits());
      for (const each of [socket, there]) each.on("error", () => {});
      socket.pipe(there).pipe(socket);
    });
    await new Promise<void>((resolve) => between.listen(0, "127.0.0.1", resolve));
    const { port: outside } = between.address() as AddressInfo;
    const shown = evaluateInPage(
      `http://127.0.0.1:${outside}/`,
      'document.body?.innerText === "mended" ? document.body.innerText : null',
    );
    await waiting;
    write("app.mjs", route("mended"));
    expect(await shown).toBe("mended");
    between.close();
  });
});

test("it is in development mode, and the environment says so", async () => {
  const app = `${APP}app.get("/", () => { throw new Error(process.env.NODE_ENV); });\n`;
  const { port } = await dev({ "app.mjs": app }, "app.mjs");
  const { status, text } = await get(port);
  expect([status, text.split("\n")[0]]).toEqual([500, "Error: development"]);
});

test("Ctrl-C ends it in an orderly way, whatever is open", async () => {
  const { running, port } = await dev({ "app.mjs": route("one") }, "app.mjs");
  const idle = connect({ port, host: "127.0.0.1" });
  const ended = new Promise((resolve) => idle.on("close", resolve));
  await get(port);
  const { code, err } = await running.end();
  expect([code, err]).toEqual([0, ""]);
  await ended;
});
