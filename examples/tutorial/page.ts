/** The page: what it shows is fetched by its script, which `nonce` allows. */
export const page = (nonce: string, csrf: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="csrf" content="${csrf}">
<link rel="icon" href="data:,">
<title>Shelf</title>
<h1>Shelf</h1>
<form id="enter">
  <input name="name" placeholder="name" aria-label="name" autocomplete="username">
  <input name="password" type="password" placeholder="password" aria-label="password">
  <button name="to" value="/users">Sign up</button> <button name="to" value="/login">Log in</button>
</form>
<form id="upload" hidden><input type="file" name="file" aria-label="text"> <button>Upload</button></form>
<p id="said" role="status"></p>
<ul id="texts"></ul>
<script nonce="${nonce}">
  const one = (selector) => document.querySelector(selector);
  const headers = { "X-CSRF-Token": one("[name=csrf]").content };
  const say = (text) => { one("#said").textContent = text; };
  const show = ({ id, name, state, count }) => {
    const item = document.getElementById(id) ?? one("#texts").appendChild(document.createElement("li"));
    item.id = id;
    item.textContent = name + ": " + (count ? count.words + " words, the most " + count.top[0]?.[0] : state);
  };
  one("#enter").addEventListener("submit", async (event) => {
    event.preventDefault();
    const { name, password } = Object.fromEntries(new FormData(event.target));
    const body = JSON.stringify({ name, password });
    const answer = await fetch(event.submitter.value, {
      method: "POST", body, headers: { ...headers, "Content-Type": "application/json" },
    });
    if (answer.ok) location.reload(); // the token belongs to the session, which is another now
    else say(await answer.text());
  });
  one("#upload").addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await fetch("/texts", { method: "POST", body: new FormData(event.target), headers });
    if (answer.ok) show(await answer.json());
    else say(await answer.text());
  });
  (async () => {
    const answer = await fetch("/texts");
    if (!answer.ok) return;
    one("#enter").hidden = true;
    one("#upload").hidden = false;
    new EventSource("/events").addEventListener("text", ({ data }) => show(JSON.parse(data)));
    for (const text of await answer.json()) show(text);
  })();
</script>
`;
