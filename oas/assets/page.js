"use strict";
// The page lies beside the operations, so that requests go to the host and below the path at which it was opened.
const root = location.pathname.replace(/\/docs\/?$/, "");
const shownHeaders = ["content-type", "location", "etag", "api-version"];

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

// --- Requests: what a form says, sent or as code ---

// What a form asks for: its URL, and the headers and the body without the token.
function request(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams(), headers = {}, parts = [];
  let json = "";
  for (const field of form.elements) {
    const [place, ...rest] = field.name.split(":");
    const name = rest.join(":"), value = field.value;
    if (field.name === "json" && value.trim()) { json = value; headers["Content-Type"] = "application/json"; }
    if (value === "") continue;
    if (place === "path") path = path.replace("{" + name + "}", encodeURIComponent(value));
    if (place === "query") query.set(name, value);
    if (place === "header") headers[name] = value;
    if (place === "form") parts.push([name, value, field.type === "file" ? field.files[0] : null]);
  }
  const search = query.toString();
  return { url: root + path + (search ? "?" + search : ""), method: form.dataset.method, headers, json, parts };
}

function options({ method, headers, json, parts }) {
  const token = document.getElementById("token").value.trim();
  const body = new FormData();
  for (const [name, value, file] of parts) body.set(name, file || value);
  return {
    method,
    headers: { ...headers, ...(token ? { Authorization: "Bearer " + token } : {}) },
    body: json || (parts.length ? body : undefined),
  };
}

async function show(response, milliseconds, target) {
  const type = response.headers.get("content-type") || "";
  const status = `${response.status} ${response.statusText} (${milliseconds} ms)`;
  target.replaceChildren(element("p", status, response.ok ? "good" : "bad"));
  const headers = shownHeaders.filter((name) => response.headers.has(name));
  const lines = headers.map((name) => `${name}: ${response.headers.get(name)}`);
  if (lines.length) target.append(element("pre", lines.join("\n")));
  if (type.includes("json")) {
    const text = await response.text();
    let pretty = text;
    try { pretty = JSON.stringify(JSON.parse(text), null, 2); } catch { /* Shown as it came. */ }
    if (text) target.append(element("pre", pretty));
  } else {
    const blob = await response.blob();
    if (!blob.size) return;
    const link = element("a", `Bewaar het antwoord (${blob.size} bytes)`);
    link.href = URL.createObjectURL(blob);
    link.download = "antwoord";
    target.append(link);
  }
  for (const shown of target.querySelectorAll("pre")) reachable(shown, "Antwoord");
}

// What scrolls can be reached without a mouse.
function reachable(shown, name) {
  shown.tabIndex = 0;
  shown.setAttribute("role", "region");
  shown.setAttribute("aria-label", name);
}

async function send(form) {
  const target = form.querySelector(".answer"), start = performance.now();
  target.replaceChildren(element("p", "Bezig…"));
  try {
    const asked = request(form);
    const response = await fetch(asked.url, options(asked));
    await show(response, Math.round(performance.now() - start), target);
  } catch (error) {
    target.replaceChildren(element("p", "Het verzoek is niet gelukt: " + error.message, "bad"));
  }
}

// --- A token, made here: the secret goes nowhere ---

const bytes = (text) => new TextEncoder().encode(text);

function base64url(from) {
  return btoa(String.fromCharCode(...from)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

async function signed(claims, secret) {
  const encoded = [{ alg: "HS256", typ: "JWT" }, claims].map((part) => base64url(bytes(JSON.stringify(part))));
  const text = encoded.join("."), kind = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes(secret), kind, false, ["sign"]);
  return `${text}.${base64url(new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes(text))))}`;
}

async function makeToken() {
  const told = document.getElementById("gemaakt");
  const value = (id) => document.getElementById(id).value.trim();
  told.className = "bad";
  if (!crypto.subtle) { told.textContent = "Een browser ondertekent alleen op een pagina met https, of op localhost."; return; }
  if (!value("client_id") || !value("secret")) { told.textContent = "Vul client_id en secret in."; return; }
  const now = Date.now(), claims = { iss: value("client_id"), client_id: value("client_id"), iat: Math.floor(now / 1000) };
  for (const name of ["user_id", "user_representation"]) if (value(name)) claims[name] = value(name);
  document.getElementById("token").value = await signed(claims, value("secret"));
  const until = new Date(now + 3600000).toLocaleTimeString("nl-NL", { timeStyle: "short" });
  told.className = "";
  told.textContent = `Het token staat klaar, en geldt tot ${until}. Open een bewerking en kies Probeer.`;
}

document.getElementById("maak").addEventListener("click", makeToken);
document.querySelector(".maker").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.localName === "input") makeToken();
});

// --- Code of a request, as the form says it now ---

const shell = (text) => `'${text.replace(/'/g, "'\\''")}'`;

function indented(text) {
  return text.split("\n").join("\n    ");
}

function parsedJson(text) {
  try { return JSON.parse(text); } catch { return text; }
}

function python(value, space = "") {
  const inner = space + "    ";
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const list = Array.isArray(value);
  const items = Object.entries(value).map(([k, v]) => `${inner}${list ? "" : JSON.stringify(k) + ": "}${python(v, inner)},\n`);
  return items.length ? `${list ? "[" : "{"}\n${items.join("")}${space}${list ? "]" : "}"}` : list ? "[]" : "{}";
}

const samples = {
  curl({ url, method, headers, json, parts }) {
    // curl waits for a body after -X HEAD.
    const lines = [`curl ${method === "HEAD" ? "--head" : `-X ${method}`} ${shell(url)}`, '-H "Authorization: Bearer $TOKEN"'];
    lines.push(...Object.entries(headers).map(([name, value]) => `-H ${shell(`${name}: ${value}`)}`));
    lines.push(...parts.map(([name, value, file]) => `-F ${shell(`${name}=${file ? "@" + file.name : value}`)}`));
    if (json) lines.push(`-d ${shell(json)}`);
    return lines.join(" \\\n  ");
  },
  Python({ url, method, headers, json, parts }) {
    const sent = Object.entries(headers).filter(([name]) => name !== "Content-Type" || !json);
    const lines = [`    ${JSON.stringify(method)},`, `    ${JSON.stringify(url)},`];
    lines.push(`    headers={"Authorization": f"Bearer {os.environ['TOKEN']}"${sent.map(([k, v]) => `, ${JSON.stringify(k)}: ${JSON.stringify(v)}`).join("")}},`);
    if (json) lines.push(`    json=${python(parsedJson(json), "    ")},`);
    const files = parts.filter(([, , file]) => file), texts = parts.filter(([, , file]) => !file);
    if (texts.length) lines.push(`    data=${python(Object.fromEntries(texts), "    ")},`);
    if (files.length) lines.push(`    files={${files.map(([name, , file]) => `${JSON.stringify(name)}: open(${JSON.stringify(file.name)}, "rb")`).join(", ")}},`);
    return `import os\n\nimport httpx\n\nanswer = httpx.request(\n${lines.join("\n")}\n)\nprint(answer.status_code, answer.text)`;
  },
  TypeScript({ url, method, headers, json, parts }) {
    const named = Object.entries(headers).map(([k, v]) => `\n    ${JSON.stringify(k)}: ${JSON.stringify(v)},`).join("");
    const first = parts.length ? ['import { openAsBlob } from "node:fs";\n', "const body = new FormData();"] : [];
    for (const [name, value, file] of parts)
      first.push(`body.set(${JSON.stringify(name)}, ${file ? `await openAsBlob(${JSON.stringify(file.name)})` : JSON.stringify(value)});`);
    const data = parsedJson(json), text = typeof data === "string" ? JSON.stringify(json) : `JSON.stringify(${indented(JSON.stringify(data, null, 2)).replace(/\n {4}/g, "\n  ")})`;
    const body = json ? `\n  body: ${text},` : parts.length ? "\n  body," : "";
    const lines = `const answer = await fetch(${JSON.stringify(url)}, {\n  method: ${JSON.stringify(method)},\n  headers: {\n    Authorization: \`Bearer \${process.env.TOKEN}\`,${named}\n  },${body}\n});\nconsole.log(answer.status, await answer.text());\n\nexport {};`;
    return [...first, lines].join("\n");
  },
};
let language = "curl";

function code(form) {
  const asked = request(form);
  return samples[language]({ ...asked, url: location.origin + asked.url });
}

// Tabs, made when an operation is opened: nobody reads the code of all of them.
function addSamples(operation) {
  const place = operation.querySelector(".samples"), form = operation.querySelector("form");
  if (place.childElementCount) { choose(operation); return; }
  const tabs = element("div", "");
  tabs.setAttribute("role", "tablist");
  tabs.setAttribute("aria-label", "Taal van de code");
  for (const name of Object.keys(samples)) {
    const tab = element("button", name);
    tab.type = "button";
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", `code-${operation.id}`);
    tab.addEventListener("click", () => { language = name; choose(operation); });
    tabs.append(tab);
  }
  tabs.addEventListener("keydown", (event) => {
    const names = Object.keys(samples), step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    language = names[(names.indexOf(language) + step + names.length) % names.length];
    choose(operation);
    tabs.querySelector("[aria-selected=true]").focus();
  });
  const panel = element("pre", "");
  panel.id = `code-${operation.id}`;
  panel.tabIndex = 0;
  panel.setAttribute("role", "tabpanel");
  place.append(element("h3", "Code"), tabs, panel);
  form.addEventListener("input", () => choose(operation));
  choose(operation);
}

function choose(operation) {
  for (const tab of operation.querySelectorAll("[role=tab]")) {
    const chosen = tab.textContent === language;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
  }
  const panel = operation.querySelector("[role=tabpanel]");
  panel.textContent = code(operation.querySelector("form"));
  panel.setAttribute("aria-label", `Code in ${language}`);
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.target);
});

// --- Links that open an operation, a schema or a property of one ---

function reveal() {
  let name = location.hash.slice(1);
  try { name = decodeURIComponent(name); } catch { return; }
  const [, schema, property] = name.match(/^eigenschap-([^.]+)\.(.+)$/) || [];
  const found = document.getElementById(schema ? `schema-${schema}` : name);
  if (!found) return;
  for (let outer = found.closest("details"); outer; outer = outer.parentElement.closest("details")) outer.open = true;
  for (const row of document.querySelectorAll("tr.here")) row.className = "";
  const row = property && [...found.querySelectorAll("tbody tr")].find((each) => each.cells[0].textContent === property);
  if (row) row.className = "here";
  (row || found).scrollIntoView();
  found.querySelector("summary")?.focus({ preventScroll: true });
}

document.addEventListener("toggle", (event) => {
  if (!event.target.open || !event.target.matches(".operation")) return;
  addSamples(event.target);
  // The address bar has a link to what was opened, without a step back for each.
  if (location.hash.slice(1) !== event.target.id) history.replaceState(null, "", `#${event.target.id}`);
}, true);
addEventListener("hashchange", reveal);
reveal();

// --- Search ---

const most = 40;
let known = null;

function entries() {
  const made = [], seen = new Set();
  for (const operation of document.querySelectorAll(".operation")) {
    const [method, path, about] = operation.querySelector("summary").children;
    const names = [...operation.querySelectorAll("form label")].map((label) => label.textContent);
    const text = [operation.id, path.textContent, about.textContent, operation.querySelector(".about").textContent, ...names].join(" ");
    made.push({ to: operation.id, name: operation.id, about: `${method.textContent} ${path.textContent} ${about.textContent}`, text });
  }
  for (const schema of document.querySelectorAll(".schema")) {
    const owner = schema.id.replace("schema-", "");
    for (const { cells } of schema.querySelectorAll("tbody tr")) {
      const name = cells[0].textContent, about = cells[3].textContent;
      // A request has the properties of the answer once more.
      if (seen.has(name + about)) continue;
      seen.add(name + about);
      made.push({ to: `eigenschap-${owner}.${name}`, name: `${owner}.${name}`, about, text: `${owner} ${name} ${about}` });
    }
  }
  return made.map((entry) => ({ ...entry, text: entry.text.toLowerCase(), low: entry.name.toLowerCase() }));
}

function search() {
  const asked = document.getElementById("zoek").value.trim().toLowerCase(), words = asked.split(/\s+/);
  const list = document.getElementById("gevonden"), told = document.getElementById("aantal");
  document.querySelector(".menu").hidden = asked !== "";
  if (asked === "") { list.replaceChildren(); told.textContent = ""; return; }
  known ??= entries();
  const rank = ({ low }) => (low === asked || low.endsWith("." + asked) ? 0 : low.includes(asked) ? 1 : 2);
  const found = known.filter(({ text }) => words.every((word) => text.includes(word)));
  found.sort((a, b) => rank(a) - rank(b));
  told.textContent = found.length > most ? `${found.length} gevonden, de eerste ${most}:` : `${found.length} gevonden`;
  list.replaceChildren(...found.slice(0, most).map(({ to, name, about }) => {
    const item = element("li", ""), link = element("a", name);
    link.href = `#${encodeURIComponent(to)}`;
    item.append(link, element("small", about.length > 110 ? about.slice(0, 110) + "…" : about));
    return item;
  }));
}

document.getElementById("zoek").addEventListener("input", search);
document.querySelector(".plain").remove();
document.querySelector(".finder").hidden = false;
document.querySelector(".maker").hidden = false;
if (matchMedia("(max-width: 50rem)").matches) document.querySelector(".menu").open = false;
search();
