"""The style and the script of the documentation page."""

STYLE = """
:root{color-scheme:light dark;--line:light-dark(#ccd3da,#3c4650);--soft:light-dark(#f3f6f8,#1b2127);
--link:light-dark(#0b57a4,#8cc4ff);--bad:light-dark(#a3170c,#ff9c91);--good:light-dark(#12652b,#86dba0)}
*{box-sizing:border-box}body{margin:0;font:1rem/1.5 system-ui,sans-serif}
a{color:var(--link)}code,pre,textarea{font:.875rem/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
.skip{position:absolute;left:-99rem}.skip:focus{left:.5rem;top:.5rem}
:focus-visible{outline:3px solid var(--link);outline-offset:1px}
header{padding:1rem 1.5rem;border-bottom:1px solid var(--line);background:var(--soft)}
h1{margin:0;font-size:1.6rem}h1 small,.facts,small{font-weight:normal;opacity:.85}header p,.intro p{margin:.4rem 0}
.token label{font-weight:600;margin-right:.5rem}.token input{width:min(30rem,100%);margin-right:.5rem}
.columns{display:grid;grid-template-columns:15rem minmax(0,1fr);max-width:90rem}
nav{padding:0 1.5rem;position:sticky;top:0;align-self:start;max-height:100vh;overflow:auto}
nav h2{font-size:1rem}nav ul{list-style:none;padding:0}main{padding:0 1.5rem 4rem}
h2{margin:1.8rem 0 .5rem;font-size:1.25rem}h3{font-size:1rem;margin:1rem 0 .3rem}
details{border:1px solid var(--line);border-radius:.4rem;margin:.4rem 0;padding:0 .9rem}
summary{cursor:pointer;padding:.5rem 0}.operation summary>*{margin-right:.6rem}details[open]{padding-bottom:.9rem}
.method{display:inline-block;min-width:4.6rem;text-align:center;border-radius:.25rem;
font:600 .8rem/1.7 ui-monospace,monospace;color:#fff;background:#0b57a4}
.post{background:#12652b}.put,.patch{background:#8a4b00}.delete{background:#a3170c}
.head{background:#51606d}.old{border:1px solid;border-radius:.25rem;padding:0 .3rem;font-size:.8rem}
fieldset{border:0;padding:0;margin:.8rem 0}legend{font-weight:600;padding:0}
.row{display:grid;grid-template-columns:minmax(8rem,15rem) minmax(8rem,22rem) minmax(0,1fr);gap:.2rem .8rem;
align-items:center;margin:.25rem 0}.row label{overflow-wrap:anywhere}
.row:has(textarea){grid-template-columns:1fr}
input,select,textarea{font-size:.95rem;padding:.3rem .4rem;border:1px solid #75818c;border-radius:.25rem;width:100%}
button{font:inherit;font-weight:600;padding:.3rem 1rem;border:0;
border-radius:.25rem;background:#0b57a4;color:#fff;cursor:pointer}
.answer pre{background:var(--soft);border:1px solid var(--line);border-radius:.25rem;padding:.7rem;overflow:auto;
max-height:30rem;white-space:pre-wrap}.answer .good{color:var(--good)}.answer .bad{color:var(--bad)}
dl{display:grid;grid-template-columns:3rem 1fr;gap:.1rem .5rem;margin:0}dd{margin:0}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;
border-top:1px solid var(--line);font-weight:normal}
@media(max-width:50rem){.columns,.row{grid-template-columns:1fr}nav{position:static;max-height:none}}
"""

SCRIPT = """
"use strict";
// The page lies beside the operations, so that requests go to the host and below the path at which it was opened.
const root = location.pathname.replace(/\\/docs\\/?$/, "");
const shownHeaders = ["content-type", "location", "etag", "api-version"];

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function request(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams(), headers = {}, parts = new FormData();
  const token = document.getElementById("token").value.trim();
  if (token) headers.Authorization = "Bearer " + token;
  let body;
  for (const field of form.elements) {
    const [place, ...rest] = field.name.split(":");
    const name = rest.join(":"), value = field.value;
    if (field.name === "json" && value.trim()) { body = value; headers["Content-Type"] = "application/json"; }
    if (value === "") continue;
    if (place === "path") path = path.replace("{" + name + "}", encodeURIComponent(value));
    if (place === "query") query.set(name, value);
    if (place === "header") headers[name] = value;
    if (place === "form") { parts.set(name, field.type === "file" ? field.files[0] : value); body = parts; }
  }
  const search = query.toString();
  return [root + path + (search ? "?" + search : ""), { method: form.dataset.method, headers, body }];
}

async function show(response, milliseconds, target) {
  const type = response.headers.get("content-type") || "";
  const status = `${response.status} ${response.statusText} (${milliseconds} ms)`;
  target.replaceChildren(element("p", status, response.ok ? "good" : "bad"));
  const headers = shownHeaders.filter((name) => response.headers.has(name));
  if (headers.length) target.append(element("pre", headers.map((n) => `${n}: ${response.headers.get(n)}`).join("\\n")));
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
}

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const target = event.target.querySelector(".answer"), start = performance.now();
  target.replaceChildren(element("p", "Bezig…"));
  try {
    const [url, options] = request(event.target);
    const response = await fetch(url, options);
    await show(response, Math.round(performance.now() - start), target);
  } catch (error) {
    target.replaceChildren(element("p", "Het verzoek is niet gelukt: " + error.message, "bad"));
  }
});

// A link to a schema or an operation opens it.
function reveal() {
  const found = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (found instanceof HTMLDetailsElement) { found.open = true; found.scrollIntoView(); }
}
addEventListener("hashchange", reveal);
reveal();
"""
