import { readFileSync } from "node:fs";
import type { Info } from "./document.ts";

/** What is told of an application: as it is given, else by the package.json of the working directory. */
export function infoOf(given: Partial<Info> = {}): Info {
  const { name, version, description } = packageHere();
  return {
    title: given.title ?? name ?? "Application",
    version: given.version ?? version ?? "0.0.0",
    ...(description !== undefined && { description }),
    ...(given.description !== undefined && { description: given.description }),
  };
}

/** What the package.json of the working directory says as text; {} where there is none that can be read. */
function packageHere(): { readonly [K in "name" | "version" | "description"]?: string } {
  try {
    const found = JSON.parse(readFileSync("package.json", "utf8")) as Record<string, unknown>;
    return Object.fromEntries(Object.entries(found).filter(([, value]) => typeof value === "string"));
  } catch {
    return {};
  }
}
