// Builds the page: generates the messages from proto/, bundles the scripts and
// styles, and copies the rest. Options:
//
//   --out DIR        where the files go; default dist/. What is in it under
//                    the names below is replaced, other files stay.
//   --generate-only  only the messages, for an editor and for the type check.
//
// The output's names are fixed, the server answers with an ETag: index.html,
// app.js, app.css, worker.js, shared.js (of both), favicon.svg, licences.txt.
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {delimiter, dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';

export const here = dirname(fileURLToPath(import.meta.url));
const proto = join(here, '../../proto/thon/v1');
const generated = join(here, 'src/gen');

// The bytes that the generated files follow from.
function protoHash() {
  const hash = createHash('sha256');
  for (const name of readdirSync(proto).sort()) {
    hash.update(name).update(readFileSync(join(proto, name)));
  }
  hash.update(readFileSync(join(here, 'buf.gen.yaml')));
  hash.update(readFileSync(join(here, 'package-lock.json')));
  return hash.digest('hex');
}

// Writes src/gen unless it is what the protos say already.
export function generate() {
  const stamp = join(generated, 'stamp');
  const wanted = protoHash();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const bin = join(here, 'node_modules/.bin');
  // In a folder of its own, then renamed: two builds may run at once.
  const fresh = mkdtempSync(join(here, '.gen-'));
  try {
    const run = spawnSync(join(bin, 'buf'), ['generate', '--output', fresh], {
      cwd: here,
      stdio: 'inherit',
      env: {...process.env, PATH: bin + delimiter + process.env.PATH},
    });
    if (run.status !== 0) {
      throw new Error('buf generate failed; run `npm ci` in server/dashboard first');
    }
    writeFileSync(join(fresh, 'src/gen/stamp'), wanted);
    rmSync(generated, {recursive: true, force: true});
    renameSync(join(fresh, 'src/gen'), generated);
  } finally {
    rmSync(fresh, {recursive: true, force: true});
  }
}

// The licences of what is bundled: of every package that one of `inputs` comes
// from, its licence file, or without one what its sources say and the text of
// the Apache licence, which is this project's too.
function licences(inputs) {
  const packages = new Map();
  for (const input of inputs) {
    const match = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) packages.set(match[1], [...(packages.get(match[1]) ?? []), input]);
  }
  const parts = [];
  for (const [name, files] of [...packages].sort()) {
    const folder = join(here, 'node_modules', name);
    const {version, license} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
    const texts = file ? [readFileSync(join(folder, file), 'utf8').trim()] : notices(files);
    parts.push(`${name} ${version} (${license})\n\n${texts.join('\n\n')}\n`);
  }
  parts.push(readFileSync(join(here, '../../LICENSE'), 'utf8').trim());
  return `This page contains parts of these packages.\n\n${parts.join('\n---\n\n')}\n`;
}

// What the heads of the files say about copyright, each text once.
function notices(files) {
  const found = new Set();
  for (const file of files) {
    const head = /^(?:\/\/[^\n]*\n)+/gm;
    for (const [block] of readFileSync(join(here, file), 'utf8').matchAll(head)) {
      if (/copyright/i.test(block)) found.add(block.replace(/^\/\/ ?/gm, '').trim());
    }
  }
  return [...found];
}

async function build(out) {
  const esbuild = await import('esbuild');
  generate();
  mkdirSync(out, {recursive: true});
  const bundle = (buildId, write) =>
    esbuild.build({
      absWorkingDir: here,
      entryPoints: {app: 'src/app.tsx', worker: 'src/live/worker.ts'},
      outdir: out,
      write,
      bundle: true,
      // What the page and its worker have in common is fetched once.
      splitting: true,
      chunkNames: 'shared',
      define: {BUILD_ID: JSON.stringify(buildId)},
      minify: true,
      metafile: true,
      format: 'esm',
      target: ['es2022'],
      charset: 'utf8',
      legalComments: 'none',
      logLevel: 'warning',
      jsx: 'automatic',
      jsxImportSource: 'preact',
      loader: {'.svg': 'dataurl'},
    });
  // The worker's name in the browser contains the build, so that a page never
  // talks to the worker of another version.
  const hash = createHash('sha256');
  for (const {contents} of (await bundle('', false)).outputFiles) hash.update(contents);
  const {metafile} = await bundle(hash.digest('hex').slice(0, 16), true);
  copyFileSync(join(here, 'src/index.html'), join(out, 'index.html'));
  copyFileSync(join(here, 'src/favicon.svg'), join(out, 'favicon.svg'));
  writeFileSync(
    join(out, 'licences.txt'),
    licences(Object.keys(metafile.inputs)),
  );
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--generate-only')) {
    generate();
  } else {
    const at = process.argv.indexOf('--out');
    await build(resolve(at > 0 ? process.argv[at + 1] : join(here, 'dist')));
  }
}
