import type { Middleware, SecurityScheme } from "../../app/index.ts";
import type { SecurityRequirement } from "./document.ts";

/** How a scheme is called where nobody has named it: `basicAuth`, `apiKey`. */
function nameOf({ type, scheme }: SecurityScheme): string {
  return type === "http" ? `${scheme}Auth` : type;
}

/** The security schemes of a document, and who asks for them. */
export class Security {
  /** By name. */
  readonly schemes: Record<string, SecurityScheme>;

  constructor(named: Readonly<Record<string, SecurityScheme>> = {}) {
    this.schemes = { ...named };
  }

  #nameFor(scheme: SecurityScheme): string {
    const text = JSON.stringify(scheme);
    const known = Object.entries(this.schemes).find(([, each]) => JSON.stringify(each) === text);
    if (known) return known[0];
    const base = nameOf(scheme);
    let name = base;
    for (let count = 2; Object.hasOwn(this.schemes, name); ++count) name = `${base}${count}`;
    this.schemes[name] = scheme;
    return name;
  }

  /** What a route needs that has this middleware around it; [] where that asks for nothing. */
  of(middleware: readonly Middleware[]): SecurityRequirement[] {
    const schemes = middleware.flatMap(({ security = [] }) => security);
    if (schemes.length === 0) return [];
    return [Object.fromEntries(schemes.map((scheme) => [this.#nameFor(scheme), []]))];
  }
}
