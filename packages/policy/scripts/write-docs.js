/* Writes the tables of docs/policies from the schema: npm run docs:policies */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pages, withPage } from '../dist/docs/pages.js';

for (const page of pages) {
  const file = fileURLToPath(new URL(`../../../docs/policies/${page}`, import.meta.url));
  writeFileSync(file, withPage(page, readFileSync(file, 'utf8')));
}
