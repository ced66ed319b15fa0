// What the tests are told when they are run:
//
//   node FILE.test.mjs BIN_DIR WORK_DIR
//
// BIN_DIR holds thond, thon and thon-fleet; WORK_DIR is what prepare.mjs made.
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

if (process.argv.length !== 4) {
  process.stderr.write('usage: node FILE BIN_DIR WORK_DIR\n');
  process.exit(2);
}

export const BIN = resolve(process.argv[2]);
export const WORK = resolve(process.argv[3]);
export const SOURCE = fileURLToPath(new URL('../../..', import.meta.url));
export const WEB = join(SOURCE, 'tests', 'web');

// The demo's small province, as played once; copied before it is used.
export const PLAYED = join(WORK, 'played');
export const GENERATED = join(WORK, 'gen');
export const SCREENSHOTS = join(WORK, 'screenshots');
