/** A real browser, told what to do over its own protocol. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { WebSocket } from "ws";

const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where the browser is; undefined where there is none. */
export const browser: string | undefined = PROGRAMS.find(existsSync);

/**
 * Opens a page and gives what an expression is there, once that is not null; a promise is waited for. Rejects where the
 * expression throws.
 */
export async function evaluateInPage(url: string, expression: string): Promise<unknown> {
  // The page that a browser shows before has an end of its loading, too.
  const there = `location.origin === ${JSON.stringify(new URL(url).origin)} ? (${expression}) : null`;
  const profile = mkdtempSync(path.join(tmpdir(), "pyrois-browser-"));
  const quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const flags = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
  ];
  const child = spawn(browser ?? "chromium", [...flags, ...quiet, url], { stdio: ["ignore", "ignore", "pipe"] });
  try {
    let said = "";
    let origin: string | undefined;
    while (origin === undefined) {
      said += String((await once(child.stderr, "data"))[0]);
      origin = /DevTools listening on ws:\/\/([^/]+)\//.exec(said)?.[1];
    }
    const pages = (await (await fetch(`http://${origin}/json/list`)).json()) as {
      type: string;
      webSocketDebuggerUrl: string;
    }[];
    const page = pages.find(({ type }) => type === "page");
    const socket = new WebSocket(page?.webSocketDebuggerUrl ?? "");
    await once(socket, "open");
    for (let id = 1; ; ++id) {
      socket.send(
        JSON.stringify({
          id,
          method: "Runtime.evaluate",
          params: { expression: there, awaitPromise: true, returnByValue: true },
        }),
      );
      const { result } = JSON.parse(String((await once(socket, "message"))[0]));
      // There is none where the browser has gone from one page to another meanwhile.
      if (result === undefined) continue;
      if (result.exceptionDetails) throw new Error(JSON.stringify(result.exceptionDetails));
      if (result.result.value !== null) return result.result.value;
    }
  } finally {
    // Its processes go on for a while without it, and write to the profile: the last of them closes the pipe.
    const gone = once(child, "close");
    child.stderr.resume();
    child.kill("SIGKILL");
    await gone;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
