// Fails if the page's files, gzipped one by one, are more than 200 KiB together.
// Usage: node size.mjs [DIR], default dist/.
import {readdirSync, readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {gzipSync} from 'node:zlib';
import {here} from './build.mjs';

const BYTES_MAX = 200 * 1024;
const folder = resolve(process.argv[2] ?? join(here, 'dist'));
let total = 0;
for (const name of readdirSync(folder).sort()) {
  const bytes = gzipSync(readFileSync(join(folder, name)), {level: 9}).length;
  total += bytes;
  console.log(`${String(bytes).padStart(8)}  ${name}`);
}
console.log(`${String(total).padStart(8)}  of ${BYTES_MAX}`);
if (total === 0 || total > BYTES_MAX) {
  console.error(total === 0 ? 'nothing is built' : 'the page has grown too large');
  process.exitCode = 1;
}
