// Fails if the page's files, gzipped one by one, are too many bytes together.
// Usage: node size.mjs [DIR [BYTES_MAX]], default dist/ and 200 KiB.
import {readdirSync, readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {gzipSync} from 'node:zlib';
import {here} from './build.mjs';

const folder = resolve(process.argv[2] ?? join(here, 'dist'));
const bytesMax = Number(process.argv[3] ?? 200 * 1024);
let total = 0;
for (const name of readdirSync(folder).sort()) {
  const bytes = gzipSync(readFileSync(join(folder, name)), {level: 9}).length;
  total += bytes;
  console.log(`${String(bytes).padStart(8)}  ${name}`);
}
console.log(`${String(total).padStart(8)}  of ${bytesMax}`);
if (total === 0 || total > bytesMax) {
  console.error(total === 0 ? 'nothing is built' : 'the page has grown too large');
  process.exitCode = 1;
}
