/**
 * What runs in a thread: finds the function of a task, calls it, and tells what came of it. Plain JavaScript that imports
 * nothing of ours: a thread loads it as it stands, and Node 20 does not read TypeScript.
 */
import { setImmediate as turn } from "node:timers/promises";
import { constants, Script } from "node:vm";

/** Makes an error that is told as a TaskError of a code. */
function taskError(taskCode, message) {
  return Object.assign(new Error(message), { taskCode });
}

/** The function that a module exports; rejects with an error that names those it has. */
async function exported(module, name) {
  const found = await import(module);
  if (typeof found[name] === "function") return found[name];
  const names = Object.keys(found).filter((key) => typeof found[key] === "function");
  const has = names.length === 0 ? "no functions" : names.join(", ");
  throw taskError("NO_SUCH_TASK", `${module} exports no function ${JSON.stringify(name)}, but ${has}`);
}

/** The function that a source text is; it can import, from the working directory as the main module of a program. */
function compiled(source) {
  try {
    const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
    return new Script(`(${source}\n)`, { filename: "task", importModuleDynamically }).runInThisContext();
  } catch (error) {
    const how = "write it as an arrow function, or with the word function";
    throw taskError("NOT_SELF_CONTAINED", `the source of a task cannot be read by itself (${error.message}): ${how}`);
  }
}

/** The own properties of an error that can be copied. */
function dataOf(error) {
  const data = {};
  for (const key of Object.keys(error)) {
    try {
      data[key] = structuredClone(error[key]);
    } catch {
      // What cannot be copied stays behind.
    }
  }
  return data;
}

/** What is thrown, as it travels: of an error its class and what cannot be copied stay behind. */
function plainError(error, isSource) {
  if (!(error instanceof Error)) return { name: "Error", message: `a task has thrown ${String(error)}` };
  const { name, stack, taskCode } = error;
  if (taskCode !== undefined || !isSource || !(error instanceof ReferenceError)) {
    return { name, message: error.message, stack, data: dataOf(error), taskCode };
  }
  const why = "what is around a function does not go with it to its worker";
  const message = `${error.message}: ${why}; give it as an argument, or define the task in a module`;
  return { name, message, stack, taskCode: "NOT_SELF_CONTAINED" };
}

/** What came of a task: its value, or its error. */
async function outcomeOf({ module, name, source, values, attempt, scheduledFor }, progress) {
  try {
    const run = source === null ? await exported(module, name) : compiled(source);
    return { value: await run.apply({ attempt, scheduledFor, progress }, values) };
  } catch (error) {
    return { error: plainError(error, source !== null) };
  }
}

function tell(port, outcome) {
  try {
    port.postMessage(outcome);
  } catch (error) {
    const refused = taskError("NOT_SENDABLE", `what a task gives cannot be sent back: ${error.message}`);
    port.postMessage({ error: plainError(refused, false) });
  }
}

/** Does one task. All that it tells goes through the port: its progress, and last its value or its error. */
export async function perform({ work, port }) {
  try {
    const outcome = await outcomeOf(work, (value) => port.postMessage({ progress: value }));
    // A promise that it has left alone rejects while the task is still here to fail, and not the next.
    await turn();
    tell(port, outcome);
  } finally {
    port.close();
  }
}
