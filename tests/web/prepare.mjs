// Makes what the tests of this folder share: the protos' code for JavaScript, and
// a small province that the demo has played.
//
//   node prepare.mjs BIN_DIR WORK_DIR
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { BIN, GENERATED, PLAYED, SOURCE, WEB, WORK } from './lib/settings.mjs';

rmSync(WORK, { recursive: true, force: true });
mkdirSync(WORK, { recursive: true });

execFileSync(join(SOURCE, 'tests', 'lint', 'node_modules', '.bin', 'buf'),
  ['generate', join(SOURCE, 'proto'), '--template', join(WEB, 'buf.gen.yaml'), '--output', WORK],
  { cwd: WEB, stdio: 'inherit' });
// What is generated finds its library as the tests do, and it is the same one.
writeFileSync(join(GENERATED, 'package.json'), '{"type": "module"}\n');
symlinkSync(join(WEB, 'node_modules'), join(GENERATED, 'node_modules'));

execFileSync(join(SOURCE, 'tools', 'demo'),
  ['--scale', 'small', '--once', '--json', '--no-build', '--bin-dir', BIN, '--dir', PLAYED],
  { stdio: ['ignore', 'ignore', 'inherit'] });
rmSync(join(PLAYED, 'fleet'), { recursive: true, force: true });
