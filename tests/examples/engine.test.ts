/** The connection engine under other people's sockets, the way the examples show it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exchange, RawClient } from "../support/client.ts";

const folder = path.join(import.meta.dirname, "..", "..", "build", "examples", "engine");

describe.each(["net", "web"])("%s.ts", (example) => {
  let child: ChildProcess;
  let port = 0;
  beforeAll(async () => {
    child = spawn(process.execPath, [path.join(folder, `${example}.js`)], {
      env: { ...process.env, PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(child.stdout as NodeJS.ReadableStream, "data");
    port = Number(/:(\d+)\//.exec(String(line))?.[1]);
  });
  afterAll(() => child.kill("SIGKILL"));

  test("answers requests of every framing, pipelined, to a client that half-closes", async () => {
    const chunked = "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    const length = "PUT /c?q HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    const answers = await exchange(port, `GET /a HTTP/1.1\r\nHost: a\r\n\r\n${chunked}${length}`);
    expect(answers.map(({ status, body }) => `${status} ${body}`)).toEqual([
      "200 GET /a with 1 fields and 0 bytes of content\n",
      "200 POST /b with 2 fields and 3 bytes of content\n",
      "200 PUT /c with 2 fields and 5 bytes of content\n",
    ]);
  });

  test("takes a megabyte, and tells of one byte more", async () => {
    const post = (size: number) => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size)}`;
    const answers = await exchange(port, post(1048576) + post(1048577));
    expect(answers.map(({ status }) => status)).toEqual([200, 413]);
    expect(answers[0].body).toContain("1048576 bytes");
  });

  test("holds content back until it is wanted, refuses what is wrong, and closes", async () => {
    const client = new RawClient(port);
    await client.write("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    await client.until(() => client.received.startsWith("HTTP/1.1 100 Continue\r\n\r\n"));
    await client.write("hiBAD\r\n\r\n");
    await client.end();
    expect((await client.responses(3)).map(({ status }) => status)).toEqual([100, 200, 400]);
    client.destroy();
  });

  test("goes on serving when clients go in the middle", async () => {
    for (const text of ["GET / HT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"]) {
      const client = new RawClient(port);
      await client.write(text);
      client.socket.resetAndDestroy();
      await once(client.socket, "close");
    }
    expect((await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))[0].status).toBe(200);
    expect(child.exitCode).toBe(null);
  });
});
