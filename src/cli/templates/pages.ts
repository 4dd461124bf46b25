import type { Template } from "./index.ts";

const APP = `import { App } from "pyrois";
import { Engine } from "pyrois/engine";

export const app = new App({
  engine: new Engine({ directory: new URL("../templates", import.meta.url), extension: ".html" }),
});

app.get("/", (request) => request.render("index", { names: ["World", "You"] }));
app.get("/hello/{name}", (request) => request.render("hello", { name: request.params.name }));
`;

const LAYOUT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{% block title %}Hello{% endblock %}</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem; }
</style>
<main>{% block content %}{% endblock %}</main>
</html>
`;

const INDEX = `{% extends "layout" %}
{% block content %}
<h1>Hello</h1>
<ul>
  {% for name in names %}<li><a href="/hello/{{ name }}">{{ name }}</a></li>{% endfor %}
</ul>
{% endblock %}
`;

const HELLO = `{% extends "layout" %}
{% block title %}Hello, {{ name }}{% endblock %}
{% block content %}
<h1>Hello, {{ name }}!</h1>
<p><a href="/">Back</a></p>
{% endblock %}
`;

const TEST = `import assert from "node:assert/strict";
import { test } from "node:test";
import { app } from "../src/app.ts";

test("it says hello", async () => {
  const response = await app.inject({ path: "/hello/you" });
  assert.match(response.text(), /<h1>Hello, you!<\\/h1>/);
});

test("what users write is escaped", async () => {
  const response = await app.inject({ path: "/hello/%3Cb%3E" });
  assert.match(response.text(), /<h1>Hello, &lt;b&gt;!<\\/h1>/);
});
`;

/** Pages of HTML. */
export const pages: Template = {
  summary: "pages of HTML, with templates",
  files: {
    "src/app.ts": APP,
    "templates/layout.html": LAYOUT,
    "templates/index.html": INDEX,
    "templates/hello.html": HELLO,
    "tests/app.test.ts": TEST,
  },
};
