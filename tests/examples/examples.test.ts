/** The examples as processes, the way a user starts and stops them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { browser, evaluateInPage } from "../support/browser.ts";

const root = path.join(import.meta.dirname, "..", "..");
const children: ChildProcess[] = [];

function start(example: string, env: Record<string, string>): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [path.join(root, "build", "examples", `${example}.js`)], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
  return { child, output: () => output };
}

/** Starts an example on a port of the system's choice; gives its URL once it has printed it. */
async function started(example: string): Promise<{ child: ChildProcess; url: string; output: () => string }> {
  const { child, output } = start(example, { PORT: "0" });
  let url: string | undefined;
  while (url === undefined) {
    await once(child.stdout as NodeJS.ReadableStream, "data");
    url = /http:\/\/127\.0\.0\.1:\d+\//.exec(output())?.[0];
  }
  return { child, url, output };
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

describe("demo", () => {
  test("serves its routes and prints them with a curl line", async () => {
    const { url, output } = await started("demo");
    expect(await (await fetch(url)).text()).toContain("<h1>Pyrois</h1>");
    expect(await (await fetch(`${url}json`)).text()).toBe('{"message":"Hello, World!"}');
    expect(await (await fetch(`${url}hello/J%C3%BCrgen`)).text()).toBe("Hello, Jürgen!");
    const echoed = await fetch(`${url}echo`, { method: "POST", body: "text", headers: { "Content-Type": "text/x" } });
    expect([await echoed.text(), echoed.headers.get("content-type")]).toEqual(["text", "text/x"]);
    expect(output()).toContain(`curl -d 'hello' ${url}echo`);
  });

  // CI has a browser; elsewhere this part is left out where there is none.
  test.skipIf(browser === undefined && !process.env.CI)("its page works in a browser", async () => {
    const { url } = await started("demo");
    const shown = `
      document.querySelector("#socket")?.textContent.includes("comes back")
        ? document.querySelector("h1").textContent + ", " + document.querySelector("#socket").textContent.trim()
        : null`;
    expect(await evaluateInPage(url, shown)).toBe("Pyrois, WebSocket: hello comes back");
    const echoed = `new Promise((resolve) => {
      const answer = document.querySelector("#answer");
      new MutationObserver(() => resolve(answer.textContent)).observe(answer, { childList: true });
      document.querySelector("#echo button").click();
    })`;
    expect(await evaluateInPage(url, `document.querySelector("#echo") && ${echoed}`)).toBe("Hello, Echo!");
  });

  test("streams piece by piece", async () => {
    const { url } = await started("demo");
    const response = await fetch(`${url}count`);
    const pieces: string[] = [];
    for await (const piece of response.body ?? []) pieces.push(Buffer.from(piece).toString());
    expect(pieces).toEqual(["1\n", "2\n", "3\n", "4\n", "5\n"]);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("ends with 0 on %s", async (signal) => {
    const { child, url } = await started("demo");
    await fetch(url);
    child.kill(signal);
    expect((await once(child, "exit"))[0]).toBe(0);
  });

  test("says in one line which port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const { child, output } = start("demo", { PORT: String(port) });
    const [code] = await once(child, "close");
    expect(code).toBe(1);
    expect(output()).toBe(`cannot listen on 127.0.0.1:${port}: another program listens there already\n`);
    other.close();
  });

  test.each(["abc", "70000", "-1"])("says in one line what is wrong with PORT=%s", async (port) => {
    const { child, output } = start("demo", { PORT: port });
    const [code] = await once(child, "close");
    expect(code).toBe(1);
    expect(output()).toMatch(/^port must be a whole number from 0 to 65535, not \S+\n$/);
  });
});

test("echo answers any method and path with what it received", async () => {
  const { url } = await started("echo");
  for (const method of ["PUT", "DELETE", "PROPFIND", "X-ANY"]) {
    const response = await fetch(`${url}any/path?x`, { method, body: method });
    expect([response.status, await response.text()]).toEqual([200, method]);
  }
  const empty = await fetch(url);
  expect([empty.status, await empty.text()]).toEqual([200, ""]);
});
