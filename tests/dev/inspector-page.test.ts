/** The page of the inspector in a real browser, used as a person would. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { inspector } from "../../src/dev/inspector.ts";
import { App, HttpResponse, type Middleware, type Server } from "../../src/index.ts";
import { serverTiming } from "../../src/middleware/index.ts";
import { browser } from "../support/browser.ts";
import { exchange } from "../support/client.ts";
import { Page } from "../support/page.ts";

const IMAGE = "<img src=x onerror=window.hacked=1>";
const run = promisify(execFile);

const app = new App({ logger: { debug() {}, info() {}, warn() {}, error() {} } });
const routes = inspector(app, { maxContent: 5000 });
app.include(routes);
app.use(serverTiming({ total: false }));
app.get("/hello/{name}", ({ params, log, state }) => {
  log.info("greeting", params.name);
  state.timing?.mark("db", 12, "users, all");
  return { hello: params.name, big: 1 };
});
app.get("/big", () => new HttpResponse('{"id":12345678901234567890,"a":[],"b":[1,{"c":null}]}'));
app.post("/echo", async (request) => new HttpResponse(await request.bytes()));
app.get("/fail", () => {
  throw new Error("it does not work");
});
app.get(
  "/hostile/{name}",
  ({ log }) => {
    log.warn(IMAGE);
    throw new Error(IMAGE);
  },
  { middleware: [Object.defineProperty(((next) => next) as Middleware, "name", { value: IMAGE })], name: IMAGE },
);

let server: Server;
let page: Page;
beforeAll(async () => {
  server = await app.listen({ port: 0 });
  if (browser) page = await Page.launch();
});
afterAll(async () => {
  await page?.close();
  routes.close();
  await app.close({ deadline: 0 });
});

const get = (path: string) => app.inject({ path });
const rows = (visible = ":not([hidden])") => `[...document.querySelectorAll("#rows tr${visible}")]`;
const targets = `${rows()}.map((row) => row.querySelector(".open").textContent)`;
const shows = (count: number) => page.until(`${rows()}.length === ${count}`);
const text = (selector: string) => page.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`);
const click = (selector: string) => page.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
const focused = () =>
  page.evaluate(`document.activeElement.closest("tr, section, input")?.dataset.id ?? document.activeElement.id`);
const opened = (heading: string) =>
  page.until(`document.querySelector("#details h2")?.innerText.includes(${JSON.stringify(heading)})`);
const set = (id: string, value: string) =>
  page.evaluate(`{ const field = document.getElementById("${id}"); field.value = ${JSON.stringify(value)};
    field.dispatchEvent(new Event("input")); }`);

/** A row of the details by its name. */
const row = (name: string) =>
  page.evaluate(
    `[...document.querySelectorAll("#details tr")].find((row) => row.cells[0].innerText === "${name}")?.innerText`,
  );

describe.runIf(browser)("the page", () => {
  beforeEach(async () => {
    await app.inject({ method: "POST", path: "/_dev/clear" });
    page.complaints.length = 0;
    await page.look(1280, 800, "light");
    await page.open(`${server.url}_dev`);
    await page.until(`location.pathname === "/_dev/" && document.getElementById("list")?.dataset.loaded &&
      document.getElementById("state").innerText === "live"`);
  });
  afterEach(() => expect(page.complaints).toEqual([]));

  test("shows exchanges as they happen, the newest first, and what is known of one", async () => {
    expect(await text("#empty")).toContain("Nothing yet");
    await get("/hello/World");
    await shows(1);
    await get("/nowhere");
    await exchange(server.address.port, "GET / HTTP/1.1\r\nHost : a\r\n\r\n");
    await shows(3);
    expect(await page.evaluate(targets)).toEqual(["SpaceBeforeColon", "/nowhere", "/hello/World"]);
    expect(await page.evaluate(`${rows()}.map((row) => row.querySelector(".status").innerText)`)).toEqual([
      "400",
      "404",
      "200",
    ]);

    await page.evaluate(`${rows()}[2].querySelector(".open").click()`);
    await opened("/hello/World");
    expect(await row("Route")).toBe("Route\tGET /hello/{name}");
    expect(await row("name")).toBe("name\tWorld");
    expect(await row("db")).toContain("12.0 ms");
    expect(await row("db")).toContain("users, all");
    expect(await text("#details .logs")).toContain("greeting World");
    const all = await text("#details");
    expect(all).toContain("000000  GET /hello/World HTTP/1.1\\r\\n");
    expect(all).toContain('{\n  "hello": "World",\n  "big": 1\n}');
    const hex = `[...document.querySelectorAll("#details button")].filter((button) => button.innerText === "Hex")`;
    expect(await page.evaluate(`${hex}[0].getAttribute("aria-pressed")`)).toBe("false");
    expect(await page.evaluate(`${hex}[0].previousSibling.getAttribute("aria-pressed")`)).toBe("true");
    await page.evaluate(`${hex}[0].click()`);
    expect(await page.evaluate(`${hex}[0].getAttribute("aria-pressed")`)).toBe("true");
    expect(await text("#details")).toContain(
      "000000  47 45 54 20 2f 68 65 6c 6c 6f 2f 57 6f 72 6c 64  GET /hello/World",
    );

    await page.evaluate(`${rows()}[0].querySelector(".open").click()`);
    await opened("SpaceBeforeColon");
    expect(await text("#details")).toContain("byte 20");
    expect(await text("#details pre")).toContain("Host : a");
  });

  test("shows numbers of JSON as they were written", async () => {
    await get("/big");
    await shows(1);
    await click(".open");
    await opened("/big");
    expect(await text("#details")).toContain(
      '{\n  "id": 12345678901234567890,\n  "a": [],\n  "b": [\n    1,\n    {\n      "c": null\n    }\n  ]\n}',
    );
  });

  test("filters by method, status and text", async () => {
    await get("/hello/a");
    await get("/nowhere");
    await get("/fail");
    await app.inject({ method: "POST", path: "/echo", body: "x" });
    await exchange(server.address.port, "nonsense\r\n\r\n");
    await shows(5);
    for (const [id, value, wanted] of [
      ["method", "POST", ["/echo"]],
      ["status", "5", ["/fail"]],
      ["status", "4", ["/nowhere"]],
      ["status", "parse", ["InvalidMethod"]],
      ["search", "HELLO 200", ["/hello/a"]],
      ["search", "error", ["/fail"]],
      ["search", "nothing like it", []],
    ] as const) {
      await set(id, value);
      if (id === "search" && value === "error") {
        // What matches by its message alone is found as well.
        expect(await page.evaluate(targets)).toContain("/fail");
      } else expect(await page.evaluate(targets), `${id} ${value}`).toEqual(wanted);
      if (wanted.length === 0) expect(await text("#empty")).toBe("Nothing of what is kept matches.");
      await set(id, "");
    }
    await shows(5);
    // What comes later is filtered, too.
    await set("search", "hello");
    await get("/nowhere");
    await get("/hello/b");
    await page.until(`${rows("")}.length === 7`);
    expect(await page.evaluate(targets)).toEqual(["/hello/b", "/hello/a"]);
  });

  test("is used by keyboard alone", async () => {
    for (const name of ["a", "b", "c"]) await get(`/hello/${name}`);
    await shows(3);
    const ids = (await page.evaluate(`${rows()}.map((row) => row.dataset.id)`)) as string[];
    for (const [key, at] of [
      ["j", 0],
      ["j", 1],
      ["ArrowDown", 2],
      ["j", 2],
      ["k", 1],
      ["ArrowUp", 0],
      ["k", 0],
      ["j", 1],
    ] as const) {
      await page.press(key);
      expect(await focused(), key).toBe(ids[at]);
    }
    await page.press("Enter");
    await opened("/hello/b");
    await page.until(`document.activeElement.id === "details"`);
    expect(await page.evaluate(`${rows()}[1].getAttribute("aria-current")`)).toBe("true");
    // From the details on to the next.
    await page.press("j");
    await page.press("Enter");
    await opened("/hello/a");
    await page.until(`document.activeElement.id === "details"`);
    await page.press("Escape");
    expect(await page.evaluate(`document.getElementById("details").hidden`)).toBe(true);
    expect(await focused()).toBe(ids[2]);
    await page.press("/");
    expect(await page.evaluate("document.activeElement.id")).toBe("search");
    await page.type("hello/c");
    expect(await page.evaluate(targets)).toEqual(["/hello/c"]);
    // Letters that are typed move nothing.
    await page.press("j");
    expect(await page.evaluate("document.activeElement.id")).toBe("search");
    await page.press("Escape");
    await shows(3);
    expect(await page.evaluate("document.activeElement.tagName")).toBe("BODY");
    // The ring around what has the focus can be seen.
    await page.press("j");
    expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
  });

  test("pauses, goes on with what was missed, and clears", async () => {
    await get("/hello/a");
    await shows(1);
    await click("#pause");
    expect(await page.evaluate(`document.getElementById("pause").getAttribute("aria-pressed")`)).toBe("true");
    await get("/hello/b");
    const told = `new Promise((resolve) => new EventSource("events").addEventListener("numbers", resolve)).then(() => true)`;
    await page.evaluate(told);
    expect(await page.evaluate(targets)).toEqual(["/hello/a"]);
    await click("#pause");
    await shows(2);
    await click("#clear");
    await shows(0);
    await get("/hello/c");
    await shows(1);
  });

  test("replays, and goes to the exchange that this makes", async () => {
    await app.inject({ method: "POST", path: "/echo", body: "a body" });
    await shows(1);
    await click(".open");
    await opened("/echo");
    const id = await page.evaluate(`${rows()}[0].dataset.id`);
    await click("#replay");
    await shows(2);
    await page.until(`document.querySelector("#details").innerText.includes("X-Pyrois-Replay")`);
    expect(await text("#rows tr .badge")).toBe(`replay of ${id}`);
    expect(await row("X-Pyrois-Replay")).toBe(`X-Pyrois-Replay\t${id}`);
    // What cannot be sent again says why.
    await app.inject({ method: "POST", path: "/echo", body: "x".repeat(5001) });
    await shows(3);
    await click(".open");
    await page.until(`document.getElementById("copy")?.disabled`);
    await click("#replay");
    await page.until(`document.querySelector(".actions [role=status]").innerText.includes("larger than maxContent")`);
    expect(page.complaints.splice(0)).toEqual([expect.stringContaining("409")]);
  });

  test("gives a command for curl that sends the same, to the clipboard too", async () => {
    const body = `it's "so"\n@$HOME <b>`;
    await app.inject({ method: "POST", path: "/echo?a=b&c", headers: { "X-It": "it's" }, body });
    await shows(1);
    await click(".open");
    await opened("/echo?a=b&c");
    const command = (await page.evaluate(`document.getElementById("curl").value`)) as string;
    const { stdout } = await run("/bin/sh", ["-c", command.replace("curl", "curl -q -s")]);
    expect(stdout).toBe(body);
    await page.send("Browser.grantPermissions", {
      origin: server.url.slice(0, -1),
      permissions: ["clipboardReadWrite", "clipboardSanitizedWrite"],
    });
    await page.send("Page.bringToFront");
    await click("#copy");
    await page.until(`document.querySelector(".actions [role=status]").innerText === "copied"`);
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(command);
  });

  test("shows what is hostile as text, wherever it is", async () => {
    const encoded = encodeURIComponent(IMAGE);
    await app.inject({ path: `/hostile/${encoded}?q=${encoded}`, headers: { "X-Hostile": IMAGE, Host: "localhost" } });
    await app.inject({ method: "POST", path: "/echo", body: IMAGE, headers: { "Content-Type": "text/html" } });
    await exchange(server.address.port, `GET /${IMAGE} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await exchange(server.address.port, `GET / HTTP/1.1\r\nHost: a\r\n${IMAGE}: a\r\n\r\n`);
    await shows(4);
    const seen: string[] = [];
    for (let at = 0; at < 4; ++at) {
      await page.evaluate(`${rows()}[${at}].querySelector(".open").click()`);
      await page.until(`${rows()}[${at}].getAttribute("aria-current") && document.querySelector("#details h2")`);
      await page.until(`document.querySelector("#details h2").innerText.endsWith(${targets}[${at}])`);
      for (const button of ["Text", "Lines"]) {
        await page.evaluate(
          `[...document.querySelectorAll("#details button")].filter((button) => button.innerText === "${button}").forEach((button) => button.click())`,
        );
      }
      seen.push(String(await text("#details")));
      expect(await page.evaluate(`document.querySelectorAll("main img, main script").length`)).toBe(0);
    }
    await click("[data-view=numbers]");
    await page.until(`document.querySelector("#routes tr")`);
    // It was there to be seen: as a parameter, a field, names, a line, an error, content.
    const [, , echo, hostile] = seen;
    expect(hostile.split(IMAGE).length - 1).toBeGreaterThanOrEqual(7);
    expect(echo.split(IMAGE).length - 1).toBeGreaterThanOrEqual(2);
    expect(await page.evaluate("window.hacked ?? null")).toBeNull();
  });

  test("shows how routes and the process do", async () => {
    for (let time = 0; time < 3; ++time) await get("/hello/a");
    await get("/fail");
    await click("[data-view=numbers]");
    await page.until(`document.querySelectorAll("#routes tr").length === 2`);
    const [hello, fail] = (await page.evaluate(
      `[...document.querySelectorAll("#routes tr")].map((row) => [...row.cells].map((cell) => cell.innerText))`,
    )) as string[][];
    expect(hello.slice(0, 3)).toEqual(["GET /hello/{name}", "3", "0"]);
    expect(fail.slice(0, 3)).toEqual(["GET /fail", "1", "1"]);
    for (const cell of hello.slice(3)) expect(cell).toMatch(/^[\d.]+ m?s$/);
    expect(await text("#process")).toMatch(/Event loop delay[\s\S]*max [\d.]+ m?s[\s\S]*%[\s\S]*Heap[\s\S]*MiB/);
    expect(await page.evaluate(`document.querySelector("polyline").getAttribute("points")`)).toMatch(
      /(?:^| )59,[\d.]+$/,
    );
  });

  test.each(["dark", "light"] as const)("is readable in %s, and on a phone", async (scheme) => {
    await get(`/hello/${"long".repeat(60)}`);
    await get("/fail");
    await page.look(375, 740, scheme);
    await shows(2);
    const fits = () =>
      page.evaluate("document.documentElement.scrollWidth <= innerWidth && document.body.scrollWidth <= 375");
    expect(await fits()).toBe(true);
    for (const heading of ["/fail", "/hello/long"]) {
      await page.evaluate(
        `${rows()}.find((row) => row.innerText.includes("${heading}")).querySelector(".open").click()`,
      );
      await opened(heading);
      expect(await fits()).toBe(true);
      expect(await page.evaluate(`document.getElementById("details").scrollWidth <= innerWidth`)).toBe(true);
      // One at a time: the list makes way.
      expect(await page.evaluate(`document.getElementById("list").offsetParent`)).toBeNull();
      await click("#close");
    }
    await click("[data-view=numbers]");
    await page.until(`document.querySelector("#routes tr")`);
    expect(await fits()).toBe(true);
    await click("[data-view=exchanges]");
    // WCAG 1.4.3: 4.5 to 1.
    const contrasts = (await page.evaluate(`(() => {
      const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
      const light = (color) => {
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => {
          const value = part / 255;
          return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const behind = (element) => {
        const color = getComputedStyle(element).backgroundColor;
        return color === "rgba(0, 0, 0, 0)" ? behind(element.parentElement) : color;
      };
      return [...document.querySelectorAll("td, th, button, p, h1, .badge")]
        .filter((element) => element.offsetParent && element.innerText.trim())
        .map((element) => {
          const [a, b] = [light(getComputedStyle(element).color), light(behind(element))].sort();
          return [element.innerText, (b + 0.05) / (a + 0.05)];
        });
    })()`)) as [string, number][];
    expect(contrasts.length).toBeGreaterThan(10);
    expect(contrasts.filter(([, contrast]) => contrast < 4.5)).toEqual([]);
    const dark = await page.evaluate(`getComputedStyle(document.body).backgroundColor`);
    expect(dark).toBe(scheme === "dark" ? "rgb(22, 20, 18)" : "rgb(251, 250, 248)");
  });

  test("says to a screen reader what is what", async () => {
    await get("/hello/a");
    await shows(1);
    const { nodes } = await page.send("Accessibility.getFullAXTree");
    const found = (nodes as { ignored: boolean; role?: { value: string }; name?: { value: string } }[])
      .filter(({ ignored }) => !ignored)
      .map(({ role, name }) => `${role?.value} ${name?.value ?? ""}`.trim());
    for (const wanted of [
      "banner",
      "main",
      "search",
      "navigation Views",
      "heading Inspector",
      "status",
      "region Exchanges",
      "table Exchanges, the newest first",
      "columnheader Status",
      "rowheader /hello/a",
      "button /hello/a",
      "searchbox Search in method, target, route and status",
      "combobox Method",
    ]) {
      expect(found).toContain(wanted);
    }
  });

  test("comes again by itself when its connection is lost, and has what happened meanwhile", async () => {
    const { port } = server.address;
    await get("/hello/before");
    await shows(1);
    await app.close({ deadline: 0 });
    await page.until(`document.getElementById("state").innerText === "not connected"`);
    await get("/hello/meanwhile");
    server = await app.listen({ port });
    await page.until(`document.getElementById("state").innerText === "live"`);
    await shows(2);
    page.complaints.length = 0;
  });
});
