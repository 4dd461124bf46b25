using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (services = [(name = "suite", worker = .suite)]);

const suite :Workerd.Worker = (
  modules = [
    (name = "worker", esModule = embed "../../build/hosts/worker.js"),
    (name = "parser.wasm", wasm = embed "../../dist/parser.wasm"),
  ],
  compatibilityDate = "2026-01-01",
);
