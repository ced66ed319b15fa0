// Set by build.mjs: says which build a page and its worker are of.
declare const BUILD_ID: string;

// Set by test.mjs: the folder of package.json.
declare const SOURCE_DIR: string;

// Styles are bundled into app.css.
declare module '*.css';
