/** A process with topics over Redis: answers what it gets, and says what becomes of its connection. */
import { RedisTransport, Topics } from "../../../src/services/topics.ts";

const say = (text: string) => () => console.log(text);
const topics = new Topics({
  transport: new RedisTransport(String(process.argv[2])),
  logger: { info: say("up"), warn: say("down"), error: console.error },
});
topics.subscribe("questions", (message) => {
  topics.publish("answers", { to: message, bytes: message instanceof Uint8Array });
  if (message instanceof Uint8Array) topics.publish("bytes", message);
});
await topics.settled();
console.log("settled");
process.stdin.on("end", () => topics.close());
process.stdin.resume();
