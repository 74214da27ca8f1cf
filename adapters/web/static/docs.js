// Draws the interface from its own description. Everything is a text node: nothing in the description is markup.
"use strict";

function element(name, text, ...children) {
  const made = document.createElement(name);
  if (text) made.append(text);
  made.append(...children);
  return made;
}

function named(schema) {
  return schema && schema.$ref ? schema.$ref.split("/").pop() : null;
}

function detailsOf(operation, schemas) {
  const parts = [];
  if (operation.description) parts.push(element("p", operation.description));
  const parameters = (operation.parameters || []).map((p) => `${p.in} ${p.name}${p.required ? "" : "?"}`);
  if (parameters.length) parts.push(element("pre", parameters.join("\n")));
  const bodies = [["request", operation.requestBody], ...Object.entries(operation.responses || {})];
  for (const [label, body] of bodies) {
    const schema = Object.values((body && body.content) || {})[0]?.schema;
    if (!schema) continue;
    const name = named(schema);
    if (name === "Problem") continue;
    const shown = name ? schemas[name] : schema;
    parts.push(element("p", `${label}${name ? `: ${name}` : ""}`), element("pre", JSON.stringify(shown, null, 1)));
  }
  return parts;
}

async function draw() {
  const main = document.getElementById("operations");
  const api = await (await fetch("/api/v1/openapi.json")).json();
  const schemas = api.components.schemas;
  const byTag = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = (operation.tags || ["other"])[0];
      if (!byTag.has(tag)) byTag.set(tag, []);
      const summary = element("summary", "", element("b", method.toUpperCase()), element("code", path));
      summary.append(` ${operation.summary || ""}`);
      byTag.get(tag).push(element("details", "", summary, ...detailsOf(operation, schemas)));
    }
  }
  main.replaceChildren(...[...byTag].flatMap(([tag, operations]) => [element("h2", tag), ...operations]));
}

draw().catch((failure) => document.getElementById("operations").replaceChildren(element("p", String(failure))));
