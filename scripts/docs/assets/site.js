// What pages do beside being read: search, dark and light, copying, the menu of phones, where one is.
(() => {
  const root = document.documentElement;
  const { base } = root.dataset;
  const one = (selector) => document.querySelector(selector);

  // ── Dark and light

  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  one(".theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("pyrois-theme", root.dataset.theme);
    } catch {
      // It lasts as long as the page where storage is forbidden.
    }
  });

  // ── The menu of phones

  const menu = one(".menu");
  const openMenu = (open) => {
    menu.setAttribute("aria-expanded", String(open));
    root.classList.toggle("menu-open", open);
  };
  menu.addEventListener("click", () => openMenu(menu.getAttribute("aria-expanded") === "false"));

  // ── Copying

  const say = (text) => {
    one("#said").textContent = text;
  };
  /** Copies text, also where there is no clipboard to write to, as in pages that are files. */
  async function copy(text) {
    if (navigator.clipboard && isSecureContext) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "hidden";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  for (const figure of document.querySelectorAll("figure.code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      try {
        await copy(figure.querySelector("code").textContent);
        button.textContent = "Copied";
        say("Copied");
      } catch {
        button.textContent = "Not copied";
        say("The browser does not let this page copy");
      }
      setTimeout(() => {
        button.textContent = "Copy";
      }, 1500);
    });
    figure.append(button);
  }

  // ── Which part of the page is read

  /** Scrolls what a link is in, and not the page as well. */
  const reveal = (link) => {
    const nav = link.closest("nav");
    const [inner, outer] = [link.getBoundingClientRect(), nav.getBoundingClientRect()];
    if (inner.top < outer.top || inner.bottom > outer.bottom) nav.scrollTop += inner.top - outer.top - outer.height / 2;
  };
  const links = new Map();
  for (const link of document.querySelectorAll(".contents a")) links.set(decodeURIComponent(link.hash.slice(1)), link);
  const heads = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  let marked;
  const mark = () => {
    const passed = heads.filter((head) => head.getBoundingClientRect().top < 120);
    const link = links.get((passed.at(-1) ?? heads[0])?.id);
    if (link === marked) return;
    marked?.removeAttribute("aria-current");
    link?.setAttribute("aria-current", "location");
    if (link) reveal(link);
    marked = link;
  };
  if (heads.length > 0) addEventListener("scroll", mark, { passive: true });
  const current = one(".pages [aria-current]");
  if (current) reveal(current);

  // ── Search: the index is loaded when somebody begins to

  const input = one(".search input");
  const list = one("#found");
  const script = (name) =>
    new Promise((resolve, reject) => {
      const element = document.createElement("script");
      element.src = base + name;
      element.onload = resolve;
      element.onerror = () => reject(new Error(`${name} does not load`));
      document.head.append(element);
    });
  let loading;
  function load() {
    loading ??= (async () => {
      await Promise.all([script("minisearch.js"), script("search-index.js")]);
      const search = new globalThis.MiniSearch({
        idField: "url",
        fields: ["title", "page", "text"],
        storeFields: ["title", "page", "text"],
        // `app.inject` and `Content-Length` are found by each of their words, too.
        tokenize: (text) => text.split(/[^\p{L}\p{N}_]+/u).flatMap((word) => [word, ...parts(word)]),
        searchOptions: { boost: { title: 4, page: 2 }, prefix: true, fuzzy: (term) => (term.length > 4 ? 0.2 : false) },
      });
      search.addAll(globalThis.pyroisSearch);
      return search;
    })();
    return loading;
  }
  /** The words of a name, `maxBodySize`; none where it is one word. */
  function parts(word) {
    const found = word.match(/\p{Lu}?\p{Ll}+|\p{Lu}+(?!\p{Ll})|\p{N}+/gu) ?? [];
    return found.length > 1 ? found : [];
  }

  /** The text around the first word that was asked for, which is marked. */
  function excerpt(text, terms) {
    const lower = text.toLowerCase();
    const [at = 0] = terms
      .map((term) => lower.indexOf(term))
      .filter((each) => each >= 0)
      .sort((a, b) => a - b);
    const from = Math.max(0, at - 40);
    const shown = document.createElement("small");
    const words = (from > 0 ? "… " : "") + text.slice(from, from + 150) + (from + 150 < text.length ? " …" : "");
    const pattern = terms.map((term) => term.replace(/[^\p{L}\p{N}_]/gu, "\\$&")).join("|");
    for (const [index, part] of words.split(new RegExp(`(${pattern})`, "iu")).entries()) {
      const element = index % 2 === 1 ? document.createElement("mark") : document.createTextNode("");
      element.textContent = part;
      shown.append(element);
    }
    return shown;
  }

  function option({ id, title, page, text, terms }, index) {
    const item = document.createElement("li");
    item.id = `found-${index}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const link = document.createElement("a");
    link.href = base + id;
    link.tabIndex = -1;
    const name = document.createElement("b");
    name.textContent = title;
    const where = document.createElement("span");
    where.textContent = page === title ? "" : page;
    link.append(name, where, excerpt(text, terms));
    item.append(link);
    return item;
  }

  let chosen = -1;
  function choose(index) {
    const items = [...list.querySelectorAll("[role=option]")];
    items[chosen]?.setAttribute("aria-selected", "false");
    chosen = items.length === 0 ? -1 : (index + items.length) % items.length;
    const item = items[chosen];
    item?.setAttribute("aria-selected", "true");
    item?.scrollIntoView({ block: "nearest" });
    if (item) input.setAttribute("aria-activedescendant", item.id);
    else input.removeAttribute("aria-activedescendant");
  }
  function show(items) {
    list.replaceChildren(...items);
    list.hidden = items.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    chosen = -1;
    choose(0);
  }
  function nothing(text) {
    const item = document.createElement("li");
    item.className = "nothing";
    item.textContent = text;
    return item;
  }
  async function find() {
    const query = input.value.trim();
    if (query === "") return show([]);
    try {
      const search = await load();
      // What was typed meanwhile is looked for instead.
      if (query !== input.value.trim()) return;
      const all = search.search(query, { combineWith: "AND" });
      const found = (all.length > 0 ? all : search.search(query)).slice(0, 12);
      show(found.length > 0 ? found.map(option) : [nothing(`Nothing about “${query}”`)]);
      say(`${found.length} found`);
    } catch (error) {
      show([nothing(error.message)]);
    }
  }

  input.addEventListener("input", find);
  input.addEventListener("focus", () => {
    load().catch(() => {});
    if (input.value !== "") find();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Enter") list.querySelector("[aria-selected=true] a")?.click();
    else if (event.key === "Escape") {
      if (list.hidden) input.blur();
      show([]);
    } else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => {
    // One that leads to the page that is shown loads nothing, so it is closed here.
    if (event.target.closest("a")) show([]);
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".search")) show([]);
    if (!event.target.closest(".pages, .menu")) openMenu(false);
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = /^(?:INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName ?? "");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
      input.select();
    }
    if (event.key === "Escape") openMenu(false);
  });
})();
