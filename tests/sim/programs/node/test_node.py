"""node in a container: the command line, modules, what waits, signals, memory, the network; and its walls."""

from __future__ import annotations

import pytest

from containers import Done, Host

IMAGE = "node:slim"


@pytest.fixture(scope="module")
def host() -> Host:
    return Host()


def run(host: Host, program: str, line: str = "exec node /app/app.js", **settings: object) -> Done:
    return host.run(IMAGE, f"mkdir -p /app; cd /app; cat > app.js << 'END'\n{program}\nEND\n{line}", **settings)


@pytest.mark.parametrize(
    ("line", "status", "out", "err"),
    [
        ("node -e 'console.log(1+1)'", 0, "2\n", ""),
        ("node -p '[1, 2].map((x) => x * 2)'", 0, "[ 2, 4 ]\n", ""),
        ("node -p 'os.platform() + path.sep'", 0, "linux/\n", ""),
        ("node --version", 0, "v24.", ""),
        ("echo 'console.log(process.argv.length)' | node", 0, "1\n", ""),
        ("echo 'console.log(process.argv.slice(2))' | node - a b", 0, "[ 'a', 'b' ]\n", ""),
        ("node -e 'process.exit(3)'", 3, "", ""),
        ("node -e 'process.exitCode = 4'", 4, "", ""),
        ("node nothing.js", 1, "", "Error: Cannot find module '/nothing.js'"),
        ("node -e 'let x = ;'", 1, "", "SyntaxError: Unexpected token ';'"),
        ("node -e 'const a = 1; a = 2'", 1, "", "TypeError: Assignment to constant variable."),
        ("echo 'let a = 1; console.log(a)' > c.js; node --check c.js", 0, "", ""),
        ("echo 'let a = = 1' > c.js; node --check c.js", 1, "", "SyntaxError: Unexpected token '='"),
        ("node --nonsense", 9, "", "node: bad option: --nonsense\n"),
        ("echo A=b > e; node --env-file=e -p process.env.A", 0, "b\n", ""),
        ("X=y node -p 'process.env.X'", 0, "y\n", ""),
        ("printf 'let a = 2\\na * 3\\n' | node -i", 0, "Welcome to Node.js v24.", ""),
        ("node -e 'process.kill(process.pid, 9)'; echo $?", 0, "137\n", ""),
        ("echo '{\"a\": [1]}' > d.json; node -p 'require(\"./d.json\").a'", 0, "[ 1 ]\n", ""),
        ("mkdir -p node_modules/m; echo 'exports.x = 5' > node_modules/m/index.js; node -p 'require(\"m\").x'",
         0, "5\n", ""),
        ("node -e 'fs.writeFileSync(\"f\", \"x\"); console.log(fs.readFileSync(\"f\") + \"\")'", 0, "x\n", ""),
        ("node -e 'console.log(child_process.execSync(\"echo hi\") + \"\")'", 0, "hi\n\n", ""),
        ("printf 'a\\nb' | node -p 'fs.readFileSync(0, \"utf8\").split(\"\\n\").length'", 0, "2\n", ""),
    ],
)  # fmt: skip
def test_the_command_line(host: Host, line: str, status: int, out: str, err: str):
    found = host.run(IMAGE, line)
    assert found.status == status, found.err
    assert found.out.startswith(out) and err in found.err


def test_modules_import_each_other(host: Host):
    files = {"a.mjs": "export let n = 1; export const up = () => n++; export default class A {}",
             "b.cjs": "exports.named = 'cjs'; exports.self = module.exports",
             "lib/package.json": '{"name": "lib", "exports": {".": "./m.js"}, "type": "module"}',
             "lib/m.js": "export * from '../../a.mjs'; export const lib = import.meta.url"}  # fmt: skip
    script = "".join(f"mkdir -p $(dirname {name}); cat > {name} << 'E'\n{text}\nE\n" for name, text in files.items())
    main = ("import A, { n, up } from './a.mjs'; import b, { named } from './b.cjs'; import * as lib from 'lib';\n"
            "import { readFile } from 'node:fs/promises';\n"
            "up(); console.log(n, typeof A, named, b.self === b, lib.n, lib.lib, await import('./a.mjs') === await "
            "import('./a.mjs'), String(await readFile('b.cjs')).slice(0, 7))")  # fmt: skip
    script += f"mkdir -p node_modules; mv lib node_modules/lib; cat > m.mjs << 'E'\n{main}\nE\nnode m.mjs"
    found = host.run(IMAGE, f"mkdir /w; cd /w; {script}")
    assert found.out == "2 function cjs true 2 file:///w/node_modules/lib/m.js true exports\n", found.err


SERVER = """
const http = require('http');
let hits = 0;
http.createServer(async (req, res) => {
  hits += 1;
  if (req.url === '/slow') await new Promise((resolve) => setTimeout(resolve, 5000));
  let body = '';
  for await (const part of req) body += part;
  res.setHeader('X-Hits', hits);
  res.end(`${req.method} ${req.url} ${body}`);
}).listen(3000, () => console.log('listening'));
"""


def test_a_server_answers_others_while_one_request_waits(host: Host):
    client = """
    const started = Date.now();
    const ask = async (path, options) => {
      const reply = await fetch(`http://localhost:3000${path}`, options);
      const seconds = Math.round((Date.now() - started) / 1000);
      console.log(await reply.text(), reply.status, reply.headers.get('x-hits'), seconds);
    };
    setTimeout(async () => {
      await Promise.all([ask('/slow'), ask('/quick', { method: 'POST', body: 'data' })]);
      process.exit();
    }, 500);
    """
    found = run(host, f"{SERVER}\n{client}")
    said = found.out.splitlines()
    assert said[:2] == ["listening", "POST /quick data 200 2 1"], found.err
    assert said[2] in ("GET /slow  200 2 5", "GET /slow  200 2 6")


def test_an_address_in_use_is_an_error_event(host: Host):
    found = run(host, f"{SERVER}\n{SERVER.replace('const http', 'const other').replace('let hits', 'let more')}")
    assert found.status == 1
    assert "Error: listen EADDRINUSE: address already in use :::3000" in found.err


def test_an_endless_loop_lets_others_run(host: Host):
    lines = (
        "node -e 'for (;;) {}' & node -e '[1].forEach(() => { while (true); })' & sleep 1; echo awake; kill -9 %1 %2"
    )
    assert host.run(IMAGE, lines).out == "awake\n"


def test_what_takes_too_much_memory_is_killed(host: Host):
    for program in ("for (;;) a.push(Buffer.alloc(1e7))", "for (;;) a.push('x'.repeat(1e6) + a.length)",
                    "for (;;) a.push(new Array(1e6))", "for (;;) a.push({})"):  # fmt: skip
        assert run(host, f"const a = []; {program}", Memory=100 << 20).status == 137, program


def test_what_nobody_holds_any_more_gives_its_memory_back(host: Host):
    found = run(host, "for (let i = 0; i < 300; i++) Buffer.alloc(1e7); console.log('done')", Memory=100 << 20)
    assert (found.status, found.out) == (0, "done\n")


def test_a_heap_without_a_limit_ends_at_one_gibibyte(host: Host):
    found = run(host, "const a = []; for (;;) a.push(Buffer.alloc(1e8))")
    assert found.status == 134
    assert "JavaScript heap out of memory" in found.err


def test_deep_recursion_is_a_range_error_and_sums_are_not(host: Host):
    found = run(host, "const sum = (n) => n ? n + sum(n - 1) : 0; console.log(sum(5000));"
                      "try { (function f() { f(); })(); } catch (e) { console.log(`${e}`); }")  # fmt: skip
    assert found.out == "12502500\nRangeError: Maximum call stack size exceeded\n"


WAYS_OUT = [
    "[].constructor.constructor('return this')().process.mainModule",
    "(function () {}).constructor('return __builtins__')()",
    "({}).__class__", "(() => {}).__globals__", "(() => {}).__code__", "''.__class__", "realm", "Box", "Running",
    "this.constructor.constructor('return Exception')()", "eval('1')", "globalThis.__builtins__", "global_value",
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS_OUT)
def test_a_program_reaches_nothing_of_pythons(host: Host, way: str):
    program = f"try {{ console.log('got', typeof ({way})); }} catch (e) {{ console.log('got', e.name); }}"
    assert run(host, program).out in ("got undefined\n", "got ReferenceError\n")


def test_a_file_of_the_computer_is_not_there(host: Host):
    found = run(host, f"console.log(fs.existsSync({__file__!r}))".replace("fs.", "require('fs')."))
    assert found.out == "false\n"


def test_time_is_the_containers(host: Host):
    found = run(
        host,
        "const t = Date.now(); const hour = 3600e3;"
        "setTimeout(() => console.log(Date.now() - t >= hour, new Date().getFullYear()), hour)",
    )
    assert found.out == "true 2027\n"


def test_lines_are_asked_for_and_read(host: Host):
    program = ("const rl = require('readline').createInterface({ input: process.stdin, output: process.stdout });"
               "rl.question('Name? ', (name) => { console.log(`Hello ${name}`); rl.close(); });")  # fmt: skip
    assert run(host, program, "echo Kim | node app.js").out == "Name? Hello Kim\n"
