// Lints documents: `node lint.mjs FILE.json ...` writes what Spectral finds in each as JSON.
import { readFileSync } from "node:fs";
import spectral from "@stoplight/spectral-core";
import ruleset from "./design_rules.mjs";

const linter = new spectral.Spectral();
linter.setRuleset(ruleset);
const found = {};
for (const file of process.argv.slice(2)) {
  const results = await linter.run(JSON.parse(readFileSync(file, "utf8")));
  found[file] = results.map(({ code, path, message }) => ({ code: String(code), path, message }));
}
console.log(JSON.stringify(found));
