/** Texts that users bring: they are kept, counted in the background, and told of when that is done. */
import { randomUUID } from "node:crypto";
import path from "node:path";
import { BadRequestError, json, type Logger, NotFoundError, Router } from "pyrois";
import { eventStream } from "pyrois/events";
import { defineTask, type Orchestrator } from "pyrois/orchestrator";
import { Topics } from "pyrois/topics";
import type { Count } from "./count.ts";
import type { Table } from "./table.ts";
import { userOf } from "./users.ts";

export interface Text {
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  readonly state: "waiting" | "counted" | "failed";
  readonly count: Count | null;
}

const MAX_SIZE = 5 * 2 ** 20;
const count = defineTask<typeof import("./count.ts").count>(new URL("./count.js", import.meta.url), "count");

export interface TextsParts {
  readonly texts: Table<Text>;
  /** Where the files are. */
  readonly folder: string;
  readonly orchestrator: Orchestrator;
  readonly logger: Logger;
}

export function textsRouter({ texts, folder, orchestrator, logger }: TextsParts) {
  const router = new Router();
  // Each user has a topic, and hears of no other's texts.
  const topics = new Topics<Record<string, Text>>();

  async function countWords(text: Text): Promise<void> {
    const finish = (state: Text["state"], result: Count | null) => {
      const counted = { ...text, state, count: result };
      texts.put(counted);
      topics.publish(text.owner, counted);
    };
    try {
      finish("counted", await orchestrator.submit(count, path.join(folder, text.id)));
    } catch (error) {
      logger.error("a text could not be counted", error);
      finish("failed", null);
    }
  }

  router.post(
    "/texts",
    async (request) => {
      const owner = userOf(request);
      for await (const part of request.multipart({ maxParts: 1, maxPartSize: MAX_SIZE })) {
        if (!part.filename) break;
        const id = randomUUID();
        await part.save(path.join(folder, id)); // under a name of ours: theirs is only shown
        const text: Text = { id, owner, name: part.filename, state: "waiting", count: null };
        texts.put(text);
        void countWords(text);
        return json(text, { status: 202, headers: { Location: `/texts/${id}` } });
      }
      throw new BadRequestError("choose a file");
    },
    { maxBodySize: MAX_SIZE + 1000 },
  );

  router.get("/texts", (request) => {
    const owner = userOf(request);
    return texts.all().filter((text) => text.owner === owner);
  });

  router.get("/texts/{id:uuid}", (request) => {
    const text = texts.get(request.params.id);
    if (text === undefined || text.owner !== userOf(request)) throw new NotFoundError("there is no such text");
    return text;
  });

  router.get("/events", (request) => {
    const owner = userOf(request);
    return eventStream(request, (stream) =>
      topics.subscribe(owner, (text) => stream.send({ event: "text", data: text })),
    );
  });

  /** Goes on with what was not counted when the process ended. */
  function resume(): void {
    for (const text of texts.all()) if (text.state === "waiting") void countWords(text);
  }

  return { router, resume };
}
