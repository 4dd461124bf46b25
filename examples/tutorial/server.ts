/** The server: what the environment says, and nothing else. */
import { createLogger } from "pyrois/logger";
import { createApp } from "./app.ts";

const { HOST = "127.0.0.1", PORT = "8080", FOLDER = "shelf", KEYS, SECURE } = process.env;

try {
  const logger = await createLogger();
  if (KEYS === undefined) logger.warn("KEYS is not set: sessions are protected by a key that everybody knows");
  const keys = KEYS?.split(",") ?? ["a key that everybody knows, for a first look"];
  const app = await createApp({ folder: FOLDER, keys, secure: SECURE === "1", logger });
  await app.run({ host: HOST, port: Number(PORT), onListen: ({ url }) => console.log(`Shelf is on ${url}`) });
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
