/** What threads serve in their tests. */
import { threadId, workerData } from "node:worker_threads";
import { App } from "pyrois";
import { ThreadTransport, Topics } from "pyrois/topics";

/** `data` may have it fail, with a text. */
export default (data) => {
  if (data !== workerData) throw new Error("what a thread has and what its module is called with differ");
  if (data?.fail) throw new RangeError(data.fail);
  const app = new App();
  app.get("/", () => String(threadId));
  app.get("/data", () => data ?? null);
  app.get("/flag", () => String(process.env.FLAG));
  app.get("/slow", async () => {
    new Int32Array(data.entered)[0] = 1;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return "answered";
  });
  app.get("/hang", () => {
    new Int32Array(data.entered)[0] = 1;
    for (;;);
  });
  app.get("/crash", () => {
    setImmediate(() => {
      throw new RangeError("in the middle of it");
    });
    return new Promise(() => {});
  });
  const topics = new Topics({ transport: new ThreadTransport() });
  app.get("/publish", () => {
    topics.publish("news", `from ${threadId}`);
    return "";
  });
  return app;
};
