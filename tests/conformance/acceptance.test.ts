/** The acceptance vectors over a real socket, against the echo application. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { App, type Server } from "../../src/index.ts";
import { parseResponses, RawClient } from "../support/client.ts";
import { echo } from "../support/echo.ts";

interface Vector {
  id: string;
  input: string;
  /** Outcomes that are right, the recommended one first. */
  want: string[];
  level: string;
}

const vectors: Vector[] = JSON.parse(readFileSync(new URL("../vectors/acceptance.json", import.meta.url), "utf8"));

/** Ends an input whose client half-closes after the bytes. */
const FIN = "\0FIN";

/** A request of the test itself that shows whether the connection still serves. */
const PROBE = "GET /probe HTTP/1.1\r\nHost: probe\r\n\r\n";

const app = new App({ fallback: echo });
let server: Server;
beforeAll(async () => {
  server = await app.listen({ port: 0 });
});
afterAll(() => app.close());

/** What the server did, in the words of the vectors: `wait`, `close`, or statuses with `c` where it then closed. */
async function react(vector: Vector): Promise<string> {
  const client = new RawClient(server.address.port);
  const half = vector.input.endsWith(FIN);
  const input = half ? vector.input.slice(0, -FIN.length) : vector.input;
  const methods = [...input.matchAll(/(?:^|\n|hello)(GET|HEAD|POST|OPTIONS) \S+ HTTP/g)].map((match) => match[1]);
  await client.write(input);
  if (half) client.socket.end();
  else await client.write(PROBE);
  // The probe is answered last, or never: then the server either closes or waits for more of the message.
  const wanted = Math.max(...vector.want.map((want) => Number(/x(\d+)/.exec(want)?.[1] ?? 1))) + 1;
  const waits = vector.want[0] === "wait";
  if (!waits) await client.until(() => parseResponses(client.received, methods).all.length >= wanted);
  else await client.until(() => parseResponses(client.received, methods).all.length >= 1);
  const { all, rest } = parseResponses(client.received, methods);
  expect(rest).toBe("");
  const closed = client.ended;
  client.destroy();
  const answers = closed || half ? all : all.slice(0, -1);
  for (const answer of answers) expect(answer.headers.has("date")).toBe(true);
  if (closed && all.at(-1)) expect(all.at(-1)?.headers.get("connection")).toBe("close");
  if (answers.length === 0) return closed ? "close" : "wait";
  const statuses = new Set(answers.map((answer) => answer.status));
  const times = answers.length > 1 ? `x${answers.length}` : "";
  return `${[...statuses].join("+")}${times}${closed ? "c" : ""}`;
}

describe("acceptance vectors", () => {
  test.each(vectors)("$id", async (vector) => {
    const reaction = await react(vector);
    // An error may always close the connection; other answers only where the vector says so.
    const mild = /^[45]/.test(reaction) ? reaction.replace(/c$/, "") : reaction;
    if (!vector.want.includes(mild)) expect(vector.want).toContain(reaction);
  });
});
