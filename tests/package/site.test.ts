/** The documentation as a site: it is whole, and works in a browser from files and from a server, and alone. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browser } from "../support/browser.ts";
import { Page } from "../support/page.ts";

const root = path.join(import.meta.dirname, "..", "..");
const script = path.join(root, "scripts", "docs.mjs");
const folder = mkdtempSync(path.join(tmpdir(), "pyrois-site-"));
const site = path.join(folder, "site");
const children: ChildProcess[] = [];

/** Builds the site and serves it, as `npm run docs -- --serve` does; gives its URL. */
async function served(): Promise<string> {
  const child = spawn(process.execPath, [script, "--serve", "--out", site], {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  for await (const line of createInterface(child.stdout)) {
    const url = /http:\S+/.exec(line)?.[0];
    if (url) return url;
  }
  throw new Error("the site is not served");
}

let url: string;
beforeAll(async () => {
  url = await served();
}, 60_000);
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const files = () => readdirSync(site, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".html"));
const read = (file: string) => readFileSync(path.join(site, file), "utf8");

test("every link and anchor of every page leads somewhere, and none of what is loaded elsewhere", () => {
  const ids = new Map<string, Set<string>>();
  for (const file of files()) {
    const found = [...read(file).matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    ids.set(file, new Set(found));
    expect(found.length, `${file} has an id twice`).toBe(ids.get(file)?.size);
  }
  for (const file of files()) {
    for (const [, attribute, target] of read(file).matchAll(/ (href|src)="([^"]*)"/g)) {
      if (/^https?:/.test(target)) {
        expect(attribute, `${file} loads ${target}`).toBe("href");
        continue;
      }
      const [place, anchor] = target.split("#");
      const there = place === "" ? file : path.join(path.dirname(file), place);
      expect(existsSync(path.join(site, there)), `${file} leads to ${target}`).toBe(true);
      if (anchor) expect(ids.get(there)?.has(anchor), `${file} leads to ${target}`).toBe(true);
    }
  }
});

test("every page of docs/ and every entry has a page, and its place among the others", () => {
  const pages = readdirSync(path.join(root, "docs"))
    .filter((file) => file.endsWith(".md") && file !== "index.md")
    .map((file) => file.replace(/md$/, "html"));
  const index = read("contents.html");
  for (const page of pages) expect(index).toContain(`<li><a href="${page}">`);
  const { exports } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  for (const [entry, { types }] of Object.entries<{ types?: string }>(exports)) {
    if (types === undefined) continue;
    expect(read(`reference/pyrois${entry.slice(1).replaceAll("/", "-")}.html`)).toContain("<h1>pyrois");
  }
});

test("no page has a script or a style of its own, so the strictest policy lets it work", () => {
  for (const file of files()) expect(read(file)).not.toMatch(/<script(?! src)|<style| style="| on\w+="/);
});

test("a folder that has something else is refused, and kept", () => {
  const other = path.join(folder, "other");
  mkdirSync(other);
  writeFileSync(path.join(other, "thesis.txt"), "all of it");
  const build = () => execFileSync(process.execPath, [script, "--out", other], { encoding: "utf8", stdio: "pipe" });
  expect(build).toThrow("has files that are no site");
  expect(readdirSync(other)).toEqual(["thesis.txt"]);
});

// CI has a browser; elsewhere this part is left out where there is none.
describe.skipIf(browser === undefined && !process.env.CI)("in a browser", () => {
  let page: Page;
  beforeAll(async () => {
    page = await Page.launch();
    await page.look(1300, 900, "light");
  }, 60_000);
  afterAll(() => page?.close());

  const first = `document.querySelector("#found [aria-selected=true] b")?.textContent`;
  test.each(["from files", "from a server"])(
    "%s, the search finds a guide and an export by keys alone",
    async (from) => {
      const base = from === "from files" ? `${pathToFileURL(site).href}/` : url;
      page.requests.length = 0;
      page.complaints.length = 0;
      await page.leave(() => page.open(`${base}index.html`));
      await page.press("/");
      await page.type("bodyLimit");
      await page.until(`${first} === "bodyLimit"`);
      await page.press("ArrowDown");
      await page.until(`${first} !== "bodyLimit"`);
      await page.press("ArrowUp");
      await page.leave(() => page.press("Enter"));
      expect(await page.evaluate("location.href")).toBe(`${base}reference/pyrois-middleware.html#bodyLimit`);
      const top = await page.evaluate(`document.querySelector(":target").getBoundingClientRect().top`);
      expect(top).toBeGreaterThan(50);
      expect(top).toBeLessThan(150);

      await page.press("/");
      await page.type("flash");
      await page.until(`[...document.querySelectorAll("#found b")].some((each) => each.textContent === "Sessions")`);
      await page.evaluate(`document.querySelector(".search input").value = ""`);
      await page.type("qqqqq");
      await page.until(`document.querySelector("#found .nothing")`);
      await page.press("Escape");
      expect(await page.evaluate(`document.querySelector("#found").hidden`)).toBe(true);

      expect(page.complaints).toEqual([]);
      expect(page.requests.filter((request) => !request.startsWith(base))).toEqual([]);
      expect(page.requests.length).toBeGreaterThan(8);
    },
  );

  test("code is copied, and the choice between dark and light is kept", async () => {
    await page.leave(() => page.open(`${url}quick-start.html`));
    await page.evaluate(`navigator.clipboard.writeText = async (text) => { globalThis.copied = text; }`);
    await page.evaluate(`document.querySelector(".copy").click()`);
    await page.until(`document.querySelector(".copy").textContent === "Copied"`);
    expect(await page.evaluate("copied")).toMatch(/^mkdir hello/);

    const background = "getComputedStyle(document.body).backgroundColor";
    const light = await page.evaluate(background);
    await page.evaluate(`document.querySelector(".theme").click()`);
    const dark = await page.evaluate(background);
    expect(dark).not.toBe(light);
    await page.leave(() => page.open(`${url}routing.html`));
    expect(await page.evaluate(background)).toBe(dark);
  });

  test("on a phone nothing is wider than it, and the menu has the pages", async () => {
    await page.look(390, 844, "light");
    for (const name of ["index", "quick-start", "migrating", "reference/pyrois", "threat-model"]) {
      await page.leave(() => page.open(`${url}${name}.html`));
      const { scrollWidth, clientWidth } = (await page.evaluate(
        "(({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }))(document.documentElement)",
      )) as Record<string, number>;
      expect(scrollWidth, name).toBe(clientWidth);
    }
    const isShown = `document.querySelector("#pages").checkVisibility()`;
    expect(await page.evaluate(isShown)).toBe(false);
    await page.evaluate(`document.querySelector(".menu").click()`);
    expect(await page.evaluate(isShown)).toBe(true);
  });

  test.each(["light", "dark"] as const)("all text can be read, %s (WCAG 1.4.3)", async (look) => {
    await page.look(1300, 900, look);
    await page.leave(() => page.open(`${url}server.html`));
    await page.evaluate("localStorage.clear()");
    await page.leave(() => page.open(`${url}server.html`));
    expect(await page.evaluate(FAINT)).toEqual([]);
  });
});

/** Texts whose contrast with what is behind them is below 4.5 : 1. */
const FAINT = `(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const luminance = (color) => {
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255);
    const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const { backgroundColor } = getComputedStyle(element);
    return backgroundColor !== "rgba(0, 0, 0, 0)" || !element.parentElement ? backgroundColor : behind(element.parentElement);
  };
  const faint = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (texts.currentNode.data.trim() === "" || !element.checkVisibility()) continue;
    const [high, low] = [luminance(getComputedStyle(element).color), luminance(behind(element))].sort((a, b) => b - a);
    if ((high + 0.05) / (low + 0.05) < 4.5) faint.add(element.className || element.tagName);
  }
  return [...faint];
})()`;
