/** A page in a real browser that a test uses as a person would: it clicks, presses keys, and looks. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { WebSocket } from "ws";
import { browser } from "./browser.ts";

const QUIET = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

interface Message {
  readonly id?: number;
  readonly method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the browser says, which the tests that ask for it know
  readonly params?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly result?: any;
  readonly error?: { readonly message: string };
}

export class Page {
  /** What the console was told that is worse than information, what was thrown, and what the policy of the page forbade. */
  readonly complaints: string[] = [];
  /** Addresses of all that the page has asked for. */
  readonly requests: string[] = [];
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #stop: () => Promise<void>;
  #lastId = 0;
  #loaded = () => {};

  private constructor(socket: WebSocket, stop: () => Promise<void>) {
    this.#socket = socket;
    this.#stop = stop;
    socket.on("message", (data) => this.#take(JSON.parse(String(data))));
  }

  /** Starts a browser with an empty page. */
  static async launch(): Promise<Page> {
    const profile = mkdtempSync(path.join(tmpdir(), "pyrois-page-"));
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"];
    const child = spawn(browser ?? "chromium", [...flags, ...QUIET, `--user-data-dir=${profile}`, "about:blank"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const stop = async () => {
      const gone = once(child, "close");
      child.stderr.resume();
      child.kill("SIGKILL");
      await gone;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    };
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
    const socket = new WebSocket(pages.find(({ type }) => type === "page")?.webSocketDebuggerUrl ?? "");
    await once(socket, "open");
    const page = new Page(socket, stop);
    for (const domain of ["Runtime", "Log", "Page", "Network"]) await page.send(`${domain}.enable`);
    return page;
  }

  #take({ id, method, params, result, error }: Message): void {
    if (id !== undefined) this.#waiting.get(id)?.({ result, ...(error && { error }) });
    if (method === "Page.loadEventFired") this.#loaded();
    if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
    if (method === "Runtime.exceptionThrown") this.complaints.push(JSON.stringify(params.exceptionDetails));
    if (method === "Runtime.consoleAPICalled" && /error|warning|assert/.test(params.type)) {
      this.complaints.push(JSON.stringify(params.args));
    }
    if (method === "Log.entryAdded" && /error|warning/.test(params.entry.level)) {
      this.complaints.push(`${params.entry.text} ${params.entry.url ?? ""}`);
    }
  }

  /** Tells the browser something by its own protocol, and gives what it answers. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  async send(method: string, params: object = {}): Promise<any> {
    const id = ++this.#lastId;
    const answered = new Promise<Message>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answered;
    this.#waiting.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  open(url: string): Promise<unknown> {
    return this.send("Page.navigate", { url });
  }

  /** Does what leads to another page; resolves when all of that has loaded. */
  async leave(act: () => Promise<unknown>): Promise<void> {
    const loaded = new Promise<void>((resolve) => {
      this.#loaded = resolve;
    });
    await act();
    await loaded;
  }

  /** What an expression is in the page; a promise is waited for. Rejects where it throws. */
  async evaluate(expression: string): Promise<unknown> {
    const asked = { expression, awaitPromise: true, returnByValue: true, userGesture: true };
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", asked);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** What an expression is once it is something: whatever changes in the page has it looked at again. */
  async until(expression: string): Promise<unknown> {
    return this.evaluate(`new Promise((resolve, reject) => {
      const look = () => {
        try {
          const value = (() => ${expression})();
          if (value !== null && value !== undefined && value !== false && value !== "") resolve(value);
          else requestAnimationFrame(look);
        } catch (error) { reject(error); }
      };
      look();
    })`);
  }

  /** Presses and releases a key by its name: "j", "Enter", "ArrowDown". */
  async press(key: string): Promise<void> {
    const text = key.length === 1 ? key : key === "Enter" ? "\r" : undefined;
    const code = { Enter: 13, Escape: 27, ArrowDown: 40, ArrowUp: 38, Tab: 9 }[key] ?? key.toUpperCase().charCodeAt(0);
    const event = { key, windowsVirtualKeyCode: code, ...(text !== undefined && { text }) };
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", ...event });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  /** Types text where the focus is. */
  type(text: string): Promise<unknown> {
    return this.send("Input.insertText", { text });
  }

  /** Has the page be so wide, and in dark or light. */
  async look(width: number, height: number, scheme: "dark" | "light"): Promise<void> {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
    await this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
  }

  /** A picture of the page, as PNG. */
  async picture(): Promise<Buffer> {
    return Buffer.from((await this.send("Page.captureScreenshot", { format: "png" })).data, "base64");
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.#stop();
  }
}
