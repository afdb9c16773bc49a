// node asyncapi.mjs PARSER FILE…: reads each AsyncAPI document with the official parser; exit code 1 if it complains.
// Severities: 0 error, 1 warning, 2 information (that a newer minor version of AsyncAPI exists), 3 hint.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const [folder, ...files] = process.argv.slice(2);
const { Parser } = createRequire(folder + "/")("@asyncapi/parser");
let complaints = 0;
for (const file of files) {
  const { document, diagnostics } = await new Parser().parse(await readFile(file, "utf8"));
  const found = diagnostics.filter(({ severity }) => severity < 2);
  for (const { code, path, message } of found) console.error(`${file}: ${path.join(".")}: ${message} (${code})`);
  if (!document && found.length === 0) console.error(`${file}: is no AsyncAPI document`);
  if (!document || found.length > 0) complaints += 1;
  else console.log(`${file}: valid, ${document.allChannels().all().length} channels`);
}
process.exit(complaints > 0 ? 1 : 0);
