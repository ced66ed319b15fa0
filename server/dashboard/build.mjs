// Builds the page: generates the messages from proto/, bundles the scripts and
// styles, and copies the rest. Options:
//
//   --out DIR        where the files go; default dist/. What is in it under
//                    the names below is replaced, other files stay.
//   --generate-only  only the messages, for an editor and for the type check.
//
// The output's names are fixed, the server answers with an ETag: index.html,
// app.js, app.css, worker.js, favicon.svg, licences.txt.
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

// The licences of what is bundled: every package under node_modules that one of
// `inputs` comes from.
function licences(inputs) {
  const packages = new Set();
  for (const input of inputs) {
    const match = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) packages.add(match[1]);
  }
  const parts = [];
  for (const name of [...packages].sort()) {
    const folder = join(here, 'node_modules', name);
    const {version, license} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
    const text = file ? readFileSync(join(folder, file), 'utf8').trim() : `Licence: ${license}`;
    parts.push(`${name} ${version} (${license})\n\n${text}\n`);
  }
  return `This page contains parts of these packages.\n\n${parts.join('\n---\n\n')}`;
}

async function build(out) {
  const esbuild = await import('esbuild');
  generate();
  mkdirSync(out, {recursive: true});
  const common = {
    absWorkingDir: here,
    bundle: true,
    minify: true,
    metafile: true,
    format: 'esm',
    target: ['es2022'],
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    jsx: 'automatic',
    jsxImportSource: 'preact',
  };
  // The worker's name in the browser contains the build, so that a page never
  // talks to the worker of another version.
  const worker = await esbuild.build({
    ...common,
    entryPoints: {worker: 'src/live/worker.ts'},
    outdir: out,
  });
  const buildId = createHash('sha256')
    .update(readFileSync(join(out, 'worker.js')))
    .digest('hex')
    .slice(0, 16);
  const app = await esbuild.build({
    ...common,
    entryPoints: {app: 'src/app.tsx'},
    outdir: out,
    define: {BUILD_ID: JSON.stringify(buildId)},
    loader: {'.svg': 'dataurl'},
  });
  copyFileSync(join(here, 'src/index.html'), join(out, 'index.html'));
  copyFileSync(join(here, 'src/favicon.svg'), join(out, 'favicon.svg'));
  writeFileSync(
    join(out, 'licences.txt'),
    licences([...Object.keys(worker.metafile.inputs), ...Object.keys(app.metafile.inputs)]),
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
