/** One page of a real browser: what it loads, what it complains of, and what somebody does in it. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { WebSocket } from "ws";
import { complains, type Message, startBrowser } from "./browser.ts";

/** How a page is looked at. */
export interface Look {
  readonly width: number;
  readonly height: number;
  readonly dark?: boolean;
}

export class Page {
  /** Addresses of all that was asked for. */
  readonly requests: string[] = [];
  /** What the browser complains of, and what did not load. */
  readonly problems: string[] = [];
  readonly #socket: WebSocket;
  readonly #close: () => Promise<void>;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #loaded: (() => void) | undefined;
  #last = 0;

  private constructor(socket: WebSocket, close: () => Promise<void>) {
    this.#socket = socket;
    this.#close = close;
    socket.on("message", (data) => this.#receive(JSON.parse(String(data))));
  }

  /** Starts a browser with one empty page. */
  static async open(): Promise<Page> {
    const running = await startBrowser("about:blank");
    const socket = new WebSocket(running.debugger);
    await once(socket, "open");
    const page = new Page(socket, running.close);
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await page.#send(`${domain}.enable`);
    return page;
  }

  /** Shows an address; resolves when all of it is loaded. */
  async show(url: string): Promise<void> {
    const loaded = new Promise<void>((resolve) => {
      this.#loaded = resolve;
    });
    await this.#send("Page.navigate", { url });
    await loaded;
  }

  /** What an expression is in the page, once it is a promise that is settled. Rejects where it throws. */
  async evaluate(expression: string): Promise<unknown> {
    const answer = await this.#send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    const { result, exceptionDetails } = answer as { result: { value: unknown }; exceptionDetails?: unknown };
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  }

  /** What an expression is once that is truthy, asked again whenever the page has drawn. */
  until(expression: string): Promise<unknown> {
    return this.evaluate(`new Promise((resolve) => {
      const ask = () => { const value = (${expression}); value ? resolve(value) : requestAnimationFrame(ask); };
      ask();
    })`);
  }

  /** Resolves when an address that is followed in the page has loaded; `act` follows it. */
  async leave(act: () => Promise<unknown>): Promise<void> {
    const loaded = new Promise<void>((resolve) => {
      this.#loaded = resolve;
    });
    await act();
    await loaded;
  }

  /** Presses a key, as by hand; one that has a character types it. */
  async press(key: string): Promise<void> {
    const text = key.length === 1 ? key : key === "Enter" ? "\r" : undefined;
    const codes: Record<string, number> = { Enter: 13, Escape: 27, ArrowUp: 38, ArrowDown: 40 };
    const event = { key, windowsVirtualKeyCode: codes[key] ?? key.toUpperCase().charCodeAt(0), ...(text && { text }) };
    await this.#send("Input.dispatchKeyEvent", { type: "keyDown", ...event });
    await this.#send("Input.dispatchKeyEvent", { type: "keyUp", key });
  }

  /** Has the page look otherwise from now on. */
  async look({ width, height, dark = false }: Look): Promise<void> {
    const size = { width, height, deviceScaleFactor: 1, mobile: width < 600 };
    await this.#send("Emulation.setDeviceMetricsOverride", size);
    const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
    await this.#send("Emulation.setEmulatedMedia", { features });
  }

  /** Writes what is seen into a file. */
  async screenshot(file: string): Promise<void> {
    const { data } = (await this.#send("Page.captureScreenshot", { format: "png" })) as { data: string };
    writeFileSync(file, Buffer.from(data, "base64"));
  }

  /** Ends the browser. */
  close(): Promise<void> {
    return this.#close();
  }

  async #send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.#last;
    const answered = new Promise<Message>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answered;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  #receive(message: Message): void {
    const { id, method, params } = message;
    if (id !== undefined) {
      this.#waiting.get(id)?.(message);
      this.#waiting.delete(id);
    }
    if (method === "Page.loadEventFired") this.#loaded?.();
    if (method === "Network.requestWillBeSent") this.requests.push(params?.request?.url ?? "");
    if (method === "Network.loadingFailed" || complains(message)) this.problems.push(JSON.stringify(message));
  }
}
