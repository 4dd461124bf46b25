/** What `pyrois new` can make. */
import { api } from "./api.ts";
import { classes } from "./class.ts";
import { minimal } from "./minimal.ts";
import { pages } from "./pages.ts";

export interface Template {
  /** What it makes, in a few words. */
  readonly summary: string;
  /** Files beside those that every project has, by path. */
  readonly files: Readonly<Record<string, string>>;
}

export const TEMPLATES: Readonly<Record<string, Template>> = { minimal, api, class: classes, pages };
