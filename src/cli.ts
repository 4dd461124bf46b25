#!/usr/bin/env node
/** The command `pyrois`. What a command needs is loaded when it is called, so that `pyrois --version` is quick. */
import { main } from "./cli/main.ts";

await main(process.argv.slice(2));
