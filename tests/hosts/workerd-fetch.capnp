using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (services = [(name = "app", worker = .app)]);

const app :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "../../build/hosts/fetch-worker.js")],
  bindings = [(name = "self", service = "app")],
  compatibilityDate = "2026-01-01",
);
