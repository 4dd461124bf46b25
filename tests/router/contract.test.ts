import { test } from "vitest";
import { Router } from "../../src/router/index.ts";
import { routerContract } from "./contract.ts";

routerContract((options) => new Router<string>(options), test);
