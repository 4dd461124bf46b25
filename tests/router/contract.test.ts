import { test } from "vitest";
import { PathRouter } from "../../src/router/index.ts";
import { routerContract } from "./contract.ts";

routerContract((options) => new PathRouter<string>(options), test);
