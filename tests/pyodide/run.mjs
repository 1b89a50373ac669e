// Tell story.py in Pyodide: Python compiled to WebAssembly, as in a browser: no thread, no process, no socket.
//
//     npm install --prefix FOLDER pyodide && node tests/pyodide/run.mjs FOLDER
//
// The project's own files are mounted as they are; its packages are pure Python, and what the story needs of them
// needs nothing else.
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");
const folder = resolve(process.argv[2] ?? ".");
const { loadPyodide } = await import(pathToFileURL(join(folder, "node_modules", "pyodide", "pyodide.mjs")).href);

const begin = performance.now();
const python = await loadPyodide();
python.FS.mkdirTree("/glassdock");
python.FS.mount(python.FS.filesystems.NODEFS, { root }, "/glassdock");
const loaded = performance.now();
try {
  console.log(
    python.runPython(`
import sys
sys.path.insert(0, "/glassdock")
sys.path.insert(0, "/glassdock/tests/pyodide")
sys.dont_write_bytecode = True
import story
told = story.tell()
assert told == story.EXPECTED, told
"\\n".join(told)
`),
  );
} catch (error) {
  console.error(String(error));
  process.exit(1);
}
const seconds = (from, to) => ((to - from) / 1000).toFixed(1);
console.log(`Pyodide ${python.version}: loaded in ${seconds(begin, loaded)} s, told in ${seconds(loaded, performance.now())} s`);
