/** The application of docs/tutorial.md: it is what the page shows, its own tests pass, and its page works. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { browser } from "../support/browser.ts";
import { Page } from "../support/page.ts";

const root = path.join(import.meta.dirname, "..", "..");
const sources = path.join(root, "examples", "tutorial");
const built = path.join(root, "build", "examples", "tutorial");

test("the tutorial shows every file as it is", () => {
  const shown: Record<string, string> = {};
  const tutorial = readFileSync(path.join(root, "docs", "tutorial.md"), "utf8");
  for (const [, file, code] of tutorial.matchAll(/^```ts (\S+)\n([\s\S]*?)^```$/gm)) {
    shown[file] = (shown[file] ?? "") + code;
  }
  const files = readdirSync(sources).map((file) => [file, readFileSync(path.join(sources, file), "utf8")]);
  expect(shown).toEqual(Object.fromEntries(files));
});

test("its own tests pass", () => {
  // Else it takes itself for a part of the runner that runs this.
  const env = { PATH: process.env.PATH };
  const args = ["--test", "--test-reporter=tap", path.join(built, "app.test.js")];
  const said = execFileSync(process.execPath, args, { encoding: "utf8", env });
  expect(said).toMatch(/^# pass 4$/m);
});

// CI has a browser; elsewhere this part is left out where there is none.
test.skipIf(browser === undefined && !process.env.CI)(
  "somebody signs up, brings a text and sees it counted",
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "shelf-"));
    const env = { PATH: process.env.PATH, PORT: "0", FOLDER: folder, KEYS: "a key that has at least 32 characters" };
    const child = spawn(process.execPath, [path.join(built, "server.js")], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const page = await Page.launch();
    try {
      const [said] = await Promise.race([once(createInterface(child.stdout), "line"), once(child, "exit")]);
      await page.leave(() => page.open(String(said).replace("Shelf is on ", "")));
      const enter = `
      document.querySelector("[name=name]").value = "ada";
      document.querySelector("[name=password]").value = "correct horse";
      document.querySelector("[value='/users']").click();`;
      await page.leave(() => page.evaluate(enter));
      await page.until(`!document.querySelector("#upload").hidden`);
      await page.evaluate(`
      const files = new DataTransfer();
      files.items.add(new File(["a rose is a rose <b>"], "<b>poem.txt"));
      document.querySelector("[type=file]").files = files.files;
      document.querySelector("#upload button").click();`);
      const counted = `/words/.test(document.querySelector("li")?.textContent) && document.querySelector("li").textContent`;
      expect(await page.until(counted)).toBe("<b>poem.txt: 6 words, the most a");
      // Whoever is not logged in yet asks for texts in vain.
      expect(page.complaints.filter((problem) => !problem.includes("401 (Unauthorized)"))).toEqual([]);
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      expect((await gone)[0]).toBe(0);
    } finally {
      child.kill("SIGKILL");
      await page.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
