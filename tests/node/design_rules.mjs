// The rules of the NL API Design Rules that an OpenAPI document shows, in our own words, for Spectral. A rule has the
// name that the publication gives it, so a finding can be looked up there. Which findings are known, and why, is in
// tests/oas/known_findings.py; what no document shows (headers, CORS) is asked of a running Samenzaak in
// tests/oas/test_design_rules.py.
import functions from "@stoplight/spectral-functions";
import rulesets from "@stoplight/spectral-rulesets";

const { pattern, truthy } = functions;

const METHODS = "get,put,post,delete,head,patch,options".split(",");
const OPERATIONS = `$.paths[*][${METHODS.map((method) => `'${method}'`).join(",")}]`;
const PARAMETERS = [`$.paths[*].parameters[?(@ && @.in=='query')]`, `${OPERATIONS}.parameters[?(@ && @.in=='query')]`];

/** Finds what `examine` says of a value; it returns a message, or nothing when all is well. */
const own = (examine) => (value, _options, context) => {
  const message = examine(value, context.path);
  return message ? [{ message }] : [];
};

/** The segments of a path that are not parameters. */
const words = (path) => path.split("/").filter((part) => part && !part.startsWith("{"));

const rule = (message, given, ...then) => ({ message: `${message}: {{error}}`, severity: "error", given, then });

export default {
  extends: [[rulesets.oas, "recommended"]],
  rules: {
    // Examples are sent to a running Samenzaak, and their answers compared, by tests/oas/test_examples.py. Spectral
    // cannot judge them: it knows no `nullable` without a `type`.
    "oas3-valid-media-example": "off",
    "oas3-valid-schema-example": "off",

    "/core/doc-openapi": rule("The document is OpenAPI 3", "$", {
      field: "openapi",
      function: pattern,
      functionOptions: { match: "^3\\.\\d+\\.\\d+$" },
    }),
    "/core/doc-openapi-contact": rule(
      "The document says whom to ask, and how",
      "$.info",
      ...["contact.name", "contact.url", "contact.email"].map((field) => ({ field, function: truthy })),
    ),
    "/core/semver": rule("The version has three numbers, and what is not final after a hyphen", "$.info", {
      field: "version",
      function: pattern,
      functionOptions: { match: "^(0|[1-9]\\d*)(\\.(0|[1-9]\\d*)){2}(-[0-9A-Za-z-.]+)?$" },
    }),
    "/core/uri-version": rule("The address has the major version and nothing more of it", "$", {
      function: own(({ servers = [], info }) => {
        const major = String(info?.version).split(".")[0];
        const wrong = servers.filter(({ url }) => url.match(/\/v(\d[^/]*)/)?.[1] !== major);
        return !servers.length ? "there is no server" : wrong.length ? wrong.map(({ url }) => url).join(" ") : "";
      }),
    }),
    "/core/version-header": rule("An answer tells the whole version", `${OPERATIONS}.responses[*]`, {
      function: own(({ headers = {} }) =>
        Object.keys(headers).some((name) => name.toLowerCase() === "api-version") ? "" : "no API-Version",
      ),
    }),
    "/core/transport/tls": rule("An address begins with https", "$.servers[*]", {
      field: "url",
      function: pattern,
      functionOptions: { match: "^https://" },
    }),
    "/core/no-trailing-slash": rule("An address has no slash at its end", "$.paths[*]~", {
      // The root of an API cannot be written in another way: a path of OpenAPI begins with a slash.
      function: own((path) => (path !== "/" && path.endsWith("/") ? path : "")),
    }),
    "/core/path-segments-kebab-case": rule("A word of a path is in small letters, with hyphens", "$.paths[*]~", {
      function: own((path) => words(path).filter((word) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(word)).join(" ")),
    }),
    "/core/query-keys-camel-case": rule("A parameter of the query is in camelCase", PARAMETERS, {
      field: "name",
      function: own((name) => (/^[a-z][a-z0-9]*([A-Z][a-z0-9]*)*$/.test(name) ? "" : name)),
    }),
    "/core/naming-collections": rule("A list is called by a noun in the plural", `$.paths[*].get`, {
      function: own(({ responses }, [, path]) => {
        const answer = responses?.["200"]?.content?.["application/json"]?.schema;
        const listed = answer?.type === "array" || answer?.properties?.results?.type === "array";
        const word = words(path).at(-1);
        return listed && !/(en|s)$/.test(word) ? word : "";
      }),
    }),
    "/core/http-methods": rule("There are only the methods of HTTP that everything knows", "$.paths[*][*]~", {
      function: own((name) => ([...METHODS, "parameters", "summary", "description"].includes(name) ? "" : name)),
    }),
    "/core/http-safety": rule("What only asks sends no body", "$.paths[*][get,head,delete]", {
      function: own(({ requestBody }) => (requestBody ? "it has a requestBody" : "")),
    }),
    "/core/error-handling/problem-details": rule(
      "An error is problem+json, with the members of it",
      `${OPERATIONS}.responses[?(@property.match(/^[45]/))]`,
      {
        function: own(({ content = {} }) => {
          const kinds = Object.keys(content);
          if (kinds.join() !== "application/problem+json") return `sent as ${kinds.join() || "nothing"}`;
          const known = content[kinds[0]].schema?.properties ?? {};
          return ["type", "title", "status", "detail", "instance"].filter((name) => !known[name]).join(" ");
        }),
      },
    ),
    "/core/error-handling/invalid-input": rule(
      "An operation with input tells what is wrong with it, by 400",
      OPERATIONS,
      {
        function: own(({ parameters = [], requestBody, responses }) => {
          const input = requestBody || parameters.some((each) => each.in === "query");
          return input && !responses["400"] ? "no 400" : "";
        }),
      },
    ),
    "/core/transport/no-sensitive-uris": rule("An address has nothing that is only of a person", PARAMETERS, {
      field: "name",
      function: own((name) => (/bsn|inpA_nummer|a_?nummer$/i.test(name) ? name : "")),
    }),
  },
};
