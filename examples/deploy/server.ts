/**
 * A server as it runs in production, which the files beside this one start: under systemd, in a container, behind nginx
 * or HAProxy. HOST, PORT and DRAIN_DELAY (ms) say how, and which proxies are believed: TRUSTED those that write
 * X-Forwarded-For, PROXY those that send the PROXY protocol, each "loopback" or other addresses with commas between.
 */
import { App } from "pyrois";
import { health } from "pyrois/health";
import { trustedProxies } from "pyrois/middleware";
import { systemd, systemdSocket } from "pyrois/systemd";

const { HOST = "127.0.0.1", PORT = "8080", DRAIN_DELAY = "0", TRUSTED, PROXY } = process.env;

const app = new App();
if (TRUSTED) app.use(trustedProxies(TRUSTED.split(",")));
app.get("/", ({ state, remoteAddress }) => ({ you: state.client?.address ?? remoteAddress }));
await app.load(health());
const unit = systemd();
await app.load(unit);

try {
  await app.run({
    host: HOST,
    port: Number(PORT),
    ...systemdSocket(),
    ...(PROXY && { proxyProtocol: { trusted: PROXY.split(",") } }),
    drainDelay: Number(DRAIN_DELAY),
    deadline: 10_000,
    onListen: unit.ready,
  });
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
