/** A real browser, told what to do over its own protocol. */
import { spawn } from "node:child_process";
import { on, once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { WebSocket } from "ws";

const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where the browser is; undefined where there is none. */
export const browser: string | undefined = PROGRAMS.find(existsSync);

/** A message of the browser: the result of a command, or an event. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly type?: string; readonly entry?: { readonly level: string } };
  // biome-ignore lint/suspicious/noExplicitAny: what it is depends on the command
  readonly result?: any;
}

/** Whether it tells of an error or a warning: of the page's scripts, or of the browser, what a policy forbids too. */
function complains({ method, params }: Message): boolean {
  if (method === "Runtime.exceptionThrown") return true;
  if (method === "Runtime.consoleAPICalled") return /^(?:error|warning|assert)$/.test(params?.type ?? "");
  return method === "Log.entryAdded" && /^(?:error|warning)$/.test(params?.entry?.level ?? "");
}

/** Gives the results of commands; what the browser complains of meanwhile is added to a list. */
function commander(socket: WebSocket, complaints: string[]) {
  // Several may come at once.
  const messages = on(socket, "message");
  let last = 0;
  return async (method: string, params: object = {}) => {
    const id = ++last;
    socket.send(JSON.stringify({ id, method, params }));
    for (;;) {
      const message: Message = JSON.parse(String((await messages.next()).value[0]));
      if (message.id === id) return message.result;
      if (complains(message)) complaints.push(JSON.stringify(message));
    }
  };
}

/**
 * Opens a page and gives what an expression is there, once that is not null; a promise is waited for. Rejects where the
 * expression throws. `complaints` gets what the browser has to complain of from the beginning.
 */
export async function evaluateInPage(url: string, expression: string, complaints?: string[]): Promise<unknown> {
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
    const command = commander(socket, complaints ?? []);
    if (complaints) for (const domain of ["Log", "Runtime"]) await command(`${domain}.enable`);
    for (;;) {
      const result = await command("Runtime.evaluate", {
        expression: there,
        awaitPromise: true,
        returnByValue: true,
      });
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
