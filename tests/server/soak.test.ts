/** The soak, for some seconds: a server in its own process under good and hostile clients at once. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("../../scripts/soak.mjs", import.meta.url));

test("good clients are served beside hostile ones, nothing leaks, and the server closes", async () => {
  const args = ["--minutes", "0.08", "--seed", "1", "--connections", "2000"];
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk;
  });
  const [code] = await once(child, "close");
  expect(output.trimEnd().split("\n").at(-1)).toBe("soak passed");
  expect(code).toBe(0);
}, 120_000);
