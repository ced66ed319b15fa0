// Runs the unit tests: bundles every src/**/*.test.ts(x) into .test/ and gives
// them to node --test. With arguments, only files whose path contains one.
// With --measure it runs src/testing/measure.ts instead.
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {join, relative} from 'node:path';
import * as esbuild from 'esbuild';
import {generate, here} from './build.mjs';

function testsBelow(folder) {
  return readdirSync(folder, {withFileTypes: true}).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return testsBelow(path);
    return /\.test\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

generate();
const wanted = process.argv.slice(2);
const measure = wanted[0] === '--measure';
const files = measure
  ? [join(here, 'src/testing/measure.ts')]
  : testsBelow(join(here, 'src')).filter(
      (path) => wanted.length === 0 || wanted.some((part) => path.includes(part)),
    );
if (files.length === 0) throw new Error('no test has that name');
// A folder of its own, so that two runs do not meet; below here, so that the
// packages are found.
const out = mkdtempSync(join(here, '.test-'));
try {
  await esbuild.build({
    absWorkingDir: here,
    entryPoints: files,
    outdir: out,
    outbase: join(here, 'src'),
    outExtension: {'.js': '.mjs'},
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: ['node18'],
    sourcemap: 'inline',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    define: {BUILD_ID: '"test"', SOURCE_DIR: JSON.stringify(here)},
    loader: {'.css': 'empty', '.svg': 'dataurl'},
    // Every browser has it; Node 18 does not.
    banner: {js: "import {webcrypto} from 'node:crypto'; globalThis.crypto ??= webcrypto;"},
    logLevel: 'warning',
  });
  const bundles = files.map((path) =>
    join(out, relative(join(here, 'src'), path).replace(/\.tsx?$/, '.mjs')),
  );
  const how = measure ? ['--expose-gc'] : ['--enable-source-maps', '--test'];
  const run = spawnSync(process.execPath, [...how, ...bundles], {
    stdio: 'inherit',
    cwd: here,
  });
  process.exitCode = run.status ?? 1;
} finally {
  rmSync(out, {recursive: true, force: true});
}
