/** Text of templates: what all engines do the same, and what each has of its own. The templates are files. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { App, type Engine as Rendering } from "../../src/index.ts";
import { Engine, type EngineOptions, EtaEngine, LiquidEngine, TemplateError } from "../../src/services/engine.ts";

let root: string;
let directory: string;

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), "pyrois-engine-"));
});
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(() => {
  directory = mkdtempSync(path.join(root, "templates-"));
});

function write(name: string, text: string): void {
  const file = path.join(directory, name);
  mkdirSync(path.dirname(file), { recursive: true });
  // As editors do it: the file is another then, however coarse its times are.
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/** What a text is, or the error that there is instead. */
async function attempt(engine: Rendering, name: string, values?: object): Promise<unknown> {
  try {
    return await engine.render(name, values);
  } catch (error) {
    return error;
  }
}

/** Engines, and how they say the same. */
const engines = [
  {
    kind: "Engine",
    make: (options?: EngineOptions) => new Engine({ extension: ".html", ...options }),
    extension: ".html",
    value: (name: string) => `{{ ${name} }}`,
    raw: (name: string) => `{{ ${name} | safe }}`,
    include: (name: string) => `{% include "${name}" %}`,
    sibling: "./",
    broken: "{% if %}",
    failing: "{{ fail() }}",
  },
  {
    kind: "LiquidEngine",
    make: (options?: EngineOptions) => new LiquidEngine(options),
    extension: ".liquid",
    value: (name: string) => `{{ ${name} }}`,
    raw: (name: string) => `{{ ${name} | raw }}`,
    include: (name: string) => `{% include "${name}" %}`,
    sibling: "./",
    broken: "{% if %}",
    failing: "{{ name.fail }}",
  },
  {
    kind: "EtaEngine",
    make: (options?: EngineOptions) => new EtaEngine(options),
    extension: ".eta",
    value: (name: string) => `<%= it.${name} %>`,
    raw: (name: string) => `<%~ it.${name} %>`,
    include: (name: string) => `<%~ include("${name}") %>`,
    sibling: "",
    broken: "<%= 'a %>",
    failing: "<%= it.fail() %>",
  },
];

/** Values that fail where they are asked for. */
const failing = {
  fail() {
    throw new RangeError("no more");
  },
  name: {
    get fail(): string {
      throw new RangeError("no more");
    },
  },
};

describe.each(engines)("$kind", ({ make, extension, value, raw, include, sibling, broken, ...other }) => {
  test("escapes what it outputs, unless it is told not to", async () => {
    write(`page${extension}`, `<p>${value("name")}</p>${raw("name")}`);
    const values = { name: `<b>"&'</b>` };
    const text = await make({ directory }).render("page", values);
    expect(text).toMatch(/^<p>&lt;b&gt;&(?:quot|#34);&amp;&#39;&lt;\/b&gt;<\/p><b>"&'<\/b>$/);
  });

  test("finds templates by their path in the folder, and relative to one that names them", async () => {
    write(`a/page${extension}`, `page ${include(`${sibling}part`)} ${include(`${sibling}../b/part${extension}`)}`);
    write(`a/part${extension}`, "of a");
    write(`b/part${extension}`, "of b");
    const engine = make({ directory: pathToFileURL(directory) });
    for (const name of ["a/page", `a/page${extension}`, "./b/../a//page"]) {
      expect(await engine.render(name)).toBe("page of a of b");
    }
  });

  test("gives globals to every template, which values outrank", async () => {
    write(`page${extension}`, `${value("site")} ${include(`${sibling}part`)}`);
    write(`part${extension}`, value("site"));
    const engine = make({ directory, globals: { site: "<Pyrois>" } });
    expect(await engine.render("page")).toBe("&lt;Pyrois&gt; &lt;Pyrois&gt;");
    expect(await engine.render("page", { site: "other" })).toBe("other other");
  });

  test("renders for requests, as HTML", async () => {
    write(`page${extension}`, `<p>${value("name")}</p>`);
    const app = new App({ engine: make({ directory }) });
    app.get("/", (request) => request.render("page", { name: "<i>" }));
    const response = await app.inject();
    expect([response.headers.get("content-type"), response.text()]).toEqual([
      "text/html; charset=utf-8",
      "<p>&lt;i&gt;</p>",
    ]);
  });

  test("keeps what it has read; reads anew what was changed where it is told to, or all each time", async () => {
    write(`page${extension}`, `old ${include(`${sibling}part`)}`);
    write(`part${extension}`, "old");
    const [kept, reloading, fresh] = [{}, { reload: true }, { cache: false }].map((options) =>
      make({ directory, ...options }),
    );
    const all = () => Promise.all([kept, reloading, fresh].map((engine) => engine.render("page")));
    expect(await all()).toEqual(["old old", "old old", "old old"]);
    write(`part${extension}`, "new");
    expect(await all()).toEqual(["old old", "old new", "old new"]);
    write(`page${extension}`, `new ${include(`${sibling}part`)}`);
    expect(await all()).toEqual(["old old", "new new", "new new"]);
    rmSync(path.join(directory, `page${extension}`));
    expect(await kept.render("page")).toBe("old old");
    expect(await attempt(reloading, "page")).toBeInstanceOf(TemplateError);
    write(`page${extension}`, "back");
    expect(await reloading.render("page")).toBe("back");
  });

  test("refuses names that leave the folder, or are none", async () => {
    const [outside] = [
      path.join(root, `secret${extension}`),
      writeFileSync(path.join(root, `secret${extension}`), "x"),
    ];
    symlinkSync(outside, path.join(directory, `link${extension}`));
    symlinkSync(root, path.join(directory, "up"));
    const engine = make({ directory });
    const names = ["../secret", "a/../../secret", outside, "..", "..\\secret", "c:/secret", "", "a\0b", "link"];
    for (const name of [...names, "up/secret"]) {
      const error = await attempt(engine, name);
      expect(error, name).toBeInstanceOf(TemplateError);
      expect(String(error), name).toContain("a template is named by its path within the folder");
      expect(String(error), name).toContain(JSON.stringify(name).slice(0, -1));
    }
    expect(await attempt(engine, 1 as never)).toBeInstanceOf(TypeError);
    write(`page${extension}`, `\n${include(`${sibling}../secret`)}`);
    const error = await attempt(engine, "page");
    expect(error).toMatchObject({ template: `page${extension}`, line: 2 });
    expect(String(error)).toContain("within the folder");
  });

  test("names of what every object has are names like others", async () => {
    const engine = make({ directory });
    for (const name of ["constructor", "__proto__", "toString", "@name", "%41", "a b (c):1:2"]) {
      expect(String(await attempt(engine, name)), name).toMatch(/there is no such template|not found|lookup/);
      write(`${name}${extension}`, `this is ${value("name")}`);
      expect(await engine.render(name, { name }), name).toMatch(/^this is /);
      expect(await engine.render(name, { name }), name).toMatch(/^this is /);
    }
  });

  test("tells of the template and the line where one makes no sense", async () => {
    write(`broken${extension}`, `1\n2\n${broken}`);
    write(`page${extension}`, `${include(`${sibling}broken`)}`);
    const engine = make({ directory });
    for (const name of ["broken", "page"]) {
      const error = await attempt(engine, name);
      expect(error).toBeInstanceOf(TemplateError);
      expect(error).toMatchObject({ template: `broken${extension}`, line: 3 });
      expect(String(error)).toMatch(/^TemplateError: broken\.\w+:3: \S.*$/);
    }
  });

  test("tells of the template and the line where something fails, and of what has failed", async () => {
    write(`fails${extension}`, `1\n${other.failing}`);
    write(`part${extension}`, "part");
    write(`page${extension}`, `1\n${include(`${sibling}part`)}\n3\n${include(`${sibling}fails`)}`);
    write(`after${extension}`, `1\n${include(`${sibling}part`)}\n3\n4 ${other.failing}\n5`);
    const engine = make({ directory });
    const places = { fails: [`fails${extension}`, 2], page: [`fails${extension}`, 2], after: [`after${extension}`, 4] };
    for (const [name, [template, line]] of Object.entries(places)) {
      // Kept ones tell it as well.
      for (const _ of ["first", "again"]) {
        const error = await attempt(engine, name, failing);
        expect(error, name).toMatchObject({ template, line, message: `${template}:${line}: no more` });
        expect((error as Error).cause, name).toBeInstanceOf(RangeError);
      }
    }
  });

  test("tells of the template and the line where a missing one is asked for", async () => {
    write(`page${extension}`, `1\n\n${include(`${sibling}nowhere`)}`);
    const engine = make({ directory });
    const error = await attempt(engine, "page");
    expect(error).toMatchObject({ template: `page${extension}`, line: 3 });
    expect(String(error)).toContain("nowhere");
    expect(await attempt(engine, "nowhere")).toMatchObject({ template: `nowhere${extension}`, line: null });
  });

  test("tells of a template that includes itself, and goes on", async () => {
    write(`self${extension}`, include(`${sibling}self`));
    write(`fine${extension}`, "fine");
    const engine = make({ directory, extension });
    expect(await attempt(engine, "self")).toMatchObject({ template: `self${extension}`, line: 1 });
    expect(await engine.render("fine")).toBe("fine");
  });

  test("what fails is a bare 500 to a client, and told to the log", async () => {
    const told: unknown[] = [];
    const app = new App({ engine: make({ directory }) }).on("error", (error) => told.push(error));
    app.get("/", (request) => request.render("nowhere"));
    expect((await app.inject()).text()).toBe("Internal Server Error\n");
    expect(told).toEqual([expect.any(TemplateError)]);
  });

  test("options that make no sense are refused at once, by their name", () => {
    const missing = path.join(directory, "missing");
    expect(() => make({ directory: missing })).toThrow(missing);
    write("file", "");
    expect(() => make({ directory: path.join(directory, "file") })).toThrow("there is no directory of templates at");
    // Relative to the working directory, which has none.
    expect(() => make()).toThrow(path.resolve("templates"));
    expect(() => make({ directory, cache: 1 as never })).toThrow("cache must be true or false, not 1");
    expect(() => make({ directory, reload: "no" as never })).toThrow("reload must be true or false, not no");
    expect(() => make({ directory, extension: "html" })).toThrow('extension must be a text like ".html", not "html"');
    expect(() => make({ directory, globals: null as never })).toThrow("globals must be an object");
    expect(() => make({ directory, filters: { a: 1 as never } })).toThrow("filters.a must be a function, not 1");
  });
});

describe("what engines have of their own", () => {
  test.each([
    ["Engine", ".html", Engine],
    ["LiquidEngine", ".liquid", LiquidEngine],
  ] as const)("%s: filters get the value and what stands in brackets", async (_, extension, Kind) => {
    const argument = extension === ".html" ? '("EUR")' : ': "EUR"';
    write(`page${extension}`, `{{ price | money${argument} }} {{ price | upcase }}`);
    const filters = {
      money: (value: number, unit: string) => `${value.toFixed(2)} <${unit}>`,
      upcase: () => "own",
    };
    const engine = new Kind({ directory, extension, filters });
    expect(await engine.render("page", { price: 1 })).toBe("1.00 &lt;EUR&gt; own");
  });

  test.each([
    ["Engine", ".html", Engine],
    ["LiquidEngine", ".liquid", LiquidEngine],
  ] as const)(
    "%s: a filter that there is not, and one that fails, are told with their line",
    async (_, extension, K) => {
      write(`page${extension}`, "1\n{{ a | nothing }}");
      write(`fails${extension}`, "1\n2\n{{ a | fail }}");
      const engine = new K({ directory, extension, filters: { fail: failing.fail } });
      expect(await attempt(engine, "page", { a: 1 })).toMatchObject({ template: `page${extension}`, line: 2 });
      expect(await attempt(engine, "fails", { a: 1 })).toMatchObject({ message: `fails${extension}:3: no more` });
    },
  );

  test("Engine: blocks, macros and loops; what fails in them is told with the line where it stands", async () => {
    write("base.html", "<title>{% block title %}none{% endblock %}</title>\n{% block main %}{% endblock %}");
    write("macros.html", "{% macro item(x) %}\n<li>{{ x.name() }}</li>{% endmacro %}{% macro empty() %}{% endmacro %}");
    const list = '{% import "macros.html" as m %}{% for x in all %}{{ m.item(x) }}{% endfor %}';
    write("page.html", `{% extends "base.html" %}\n{% block main %}\n${list}{% endblock %}`);
    write("after.html", '{% import "macros.html" as m %}\n{{ m.empty() }}\n\n{{ fail() }}');
    write("block.html", '{% extends "base.html" %}\n\n{% block main %}{{ super() }}\n{{ fail() }}{% endblock %}');
    write("text.html", `{{ a }}{# /*line 77*/ #}/*line 99*/\n{{ fail() }}`);
    const engine = new Engine({ directory });
    const all = [{ name: () => "<a>" }, { name: () => "b" }];
    expect(await engine.render("page.html", { all })).toBe("<title>none</title>\n\n\n<li>&lt;a&gt;</li>\n<li>b</li>");
    const inMacro = await attempt(engine, "page.html", { all: [{ name: failing.fail }] });
    expect(inMacro).toMatchObject({ message: "macros.html:2: no more" });
    expect(await attempt(engine, "page.html", { all: [{}] })).toMatchObject({ template: "macros.html", line: 2 });
    expect(await attempt(engine, "after.html", failing)).toMatchObject({ message: "after.html:4: no more" });
    expect(await attempt(engine, "block.html", failing)).toMatchObject({ message: "block.html:4: no more" });
    expect(await attempt(engine, "text.html", failing)).toMatchObject({ template: "text.html", line: 2 });
  });

  test("Engine: what is thrown and no error is told as it is", async () => {
    write("page.html", "\n{{ fail() }}");
    const values = {
      fail() {
        throw "just text";
      },
    };
    expect(String(await attempt(new Engine({ directory }), "page.html", values))).toContain("just text");
  });

  test("Engine: a missing template may be ignored, one outside may not", async () => {
    write("page.html", '{% include "nowhere.html" ignore missing %}there');
    write("outside.html", '{% include "../x.html" ignore missing %}there');
    const engine = new Engine({ directory });
    expect(await engine.render("page.html")).toBe("there");
    expect(await attempt(engine, "outside.html")).toBeInstanceOf(TemplateError);
  });

  test("Engine: once its library is loaded, text comes at once", async () => {
    write("page.html", "text");
    const engine = new Engine({ directory });
    expect(engine.render("page.html")).toBeInstanceOf(Promise);
    await engine.render("page.html");
    expect(engine.render("page.html")).toBe("text");
  });

  test("LiquidEngine: layouts, and what is rendered apart", async () => {
    write("base.liquid", "<b>{% block main %}{% endblock %}</b>");
    write("page.liquid", '{% layout "base" %}{% block main %}{% render "part", x: "<i>" %}{% endblock %}');
    write("part.liquid", "{{ x }}");
    expect(await new LiquidEngine({ directory }).render("page")).toBe("<b>&lt;i&gt;</b>");
  });

  test("LiquidEngine: what is 500 deep, and no deeper", async () => {
    const nest = (depth: number) => `${"{% if true %}".repeat(depth - 1)}in${"{% endif %}".repeat(depth - 1)}`;
    write("fits.liquid", nest(500));
    write("deep.liquid", nest(501));
    const engine = new LiquidEngine({ directory });
    expect(await engine.render("fits")).toBe("in");
    expect(await attempt(engine, "deep")).toMatchObject({ message: expect.stringContaining("more than 500 deep") });
  });

  test("EtaEngine: layouts, and names from the folder with a slash", async () => {
    write("base.eta", "<b><%~ it.body %></b>");
    write("a/page.eta", '<% layout("/base") %><%~ include("/part", { x: "<i>" }) %>');
    write("part.eta", "<%= it.x %>");
    expect(await new EtaEngine({ directory }).render("a/page")).toBe("<b>&lt;i&gt;</b>");
  });
});

describe("libraries", () => {
  let entry: string;
  beforeAll(async () => {
    // Where no package is installed.
    entry = path.join(root, "engine.mjs");
    await build({
      entryPoints: ["src/services/engine.ts"],
      bundle: true,
      format: "esm",
      platform: "node",
      packages: "external",
      outfile: entry,
    });
  });

  function run(script: string): string {
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    return stdout + stderr;
  }

  test.each([
    ["LiquidEngine", "liquidjs"],
    ["EtaEngine", "eta"],
  ])("%s says what to install", (kind, name) => {
    const script = `
      import { ${kind} } from ${JSON.stringify(pathToFileURL(entry))};
      const engine = new ${kind}({ directory: ${JSON.stringify(directory)} });
      await engine.render("page").catch((error) => console.log(error.message));`;
    expect(run(script)).toBe(`${kind} needs the package ${name}; install it with: npm install ${name}\n`);
  });

  test("are loaded by the first text, not before", () => {
    const script = `
      import { Engine } from ${JSON.stringify(pathToFileURL(entry))};
      const engine = new Engine({ directory: ${JSON.stringify(directory)} });
      console.log("made");
      await engine.render("page").catch((error) => console.log(error.code));`;
    expect(run(script)).toBe("made\nERR_MODULE_NOT_FOUND\n");
  });
});
